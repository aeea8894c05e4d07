"""Every message exists in both languages for every channel, and can be filled."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2 import UndefinedError, meta

from services.notify import reactions, templates
from services.notify.templates import FOLDER, LANGUAGES, render

FILES = ("in_app.txt", "email.txt", "sms.txt")
AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
# What each message may speak of: as the demo has it, so that its length is true to life.
FACTS = {
    "person": "王芳",
    "estate": "和悦花园",
    "unit": "3栋2单元601",
    "number": "R2611230001",
    "kind": "repair",
    "title": "给排水 · 漏水",
    "technician": "张师傅",
    "payer": "developer_warranty",
    "review_due": AT,
    "closes_at": AT,
    "clock": "review",
    "due_at": AT,
    "score": 2,
    "total": "140.00",
    "why": "low_rating",
    "text": "水箱清洗，请提前储水。",
    "starts_at": AT,
    "ends_at": AT,
    "month": "2026-11",
    "ended": 412,
    "breached": 31,
    "low_ratings": 4,
    "stage": "dispatch",
    "share": 61,
    "rated": False,
    "urged": 2,
    "link": "https://linli.example/tickets/0193a0c0-0000-7000-8000-000000000001",
    "timezone": "Asia/Shanghai",
    "login": "13800001111",
    "expires_at": AT,
}
EVERY = [(language, name) for language in LANGUAGES for name in templates.names()]


def used_by_reactions() -> set[str]:
    folder = Path(reactions.__file__).parent
    sources = "".join(file.read_text() for file in folder.glob("*.py"))
    return set(re.findall(r'"((?:tickets|directory)\.\w+\.\w+(?:\.\w+)?)"', sources))


def heard() -> set[str]:
    """Facts that reactions (not mere copies) hear."""
    found = [getattr(thing, "__reactions__", []) for thing in vars(reactions).values()]
    return {
        name
        for each in found
        for reaction in each
        if not reaction.projection
        for name in reaction.hears.__event__.names
    }


def test_every_event_that_is_told_has_a_template():
    assert heard() == {".".join(name.split(".")[:3]) for name in templates.names()}


def test_reactions_use_every_template_and_no_other():
    events = {name for name in used_by_reactions() if name in templates.names() or name.count(".") == 3}

    assert events == set(templates.names())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_speaks_this_language_by_every_channel(language):
    there = {
        folder.name: {file.name for file in folder.iterdir()}
        for folder in (FOLDER / language).iterdir()
        if folder.is_dir()
    }

    assert there == {name: set(FILES) for name in templates.names()}


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_a_template_is_filled_from_the_facts_alone(language, name):
    letter = render(name, language, FACTS)

    assert all([letter.subject, letter.body, letter.sms, letter.email_subject, letter.email_text, letter.email_html])
    assert "\n" not in letter.sms and FACTS["person"] in letter.email_text
    assert not re.search(r"None|[{}]", letter.subject + letter.body + letter.sms + letter.email_text)


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_a_template_can_do_without_what_may_be_absent(language, name):
    absent = {"unit": None, "payer": None, "technician": None, "review_due": None}

    letter = render(name, language, {**FACTS, **absent})

    assert "None" not in letter.body + letter.sms + letter.email_text


@pytest.mark.parametrize("name", [name for name in templates.names() if not name.startswith("directory.account")])
def test_a_chinese_text_message_about_a_ticket_fits_one_part(name):
    assert len(render(name, "zh-CN", FACTS).sms) <= 70


@pytest.mark.parametrize("name", [name for name in templates.names() if not name.startswith("directory.account")])
def test_an_english_text_message_about_a_ticket_fits_one_part(name):
    facts = {
        **FACTS,
        "estate": "Heyue Garden",
        "unit": "3-2-0601",
        "title": "Plumbing - leak",
        "technician": "Zhang Wei",
    }

    sms = render(name, "en", facts).sms

    assert len(sms) <= 160 and sms.isascii()


@pytest.mark.parametrize(("language", "name"), [each for each in EVERY if each[1].startswith("directory.account")])
def test_an_accounts_link_goes_out_but_never_into_the_app(language, name):
    letter = render(name, language, FACTS)

    assert FACTS["link"] in letter.sms and FACTS["link"] in letter.email_text
    assert FACTS["link"] not in letter.subject + letter.body


def test_a_missing_fact_is_an_error():
    with pytest.raises(UndefinedError, match="number"):
        render("tickets.ticket.closed", "zh-CN", {name: fact for name, fact in FACTS.items() if name != "number"})


def test_html_mail_takes_nothing_for_markup():
    letter = render("tickets.ticket.closed", "en", {**FACTS, "title": "<script>alert(1)</script>"})

    assert "<script>" not in letter.email_html and "&lt;script&gt;" in letter.email_html


def test_no_template_asks_for_what_residents_wrote_or_who_reported():
    environment = templates.environment()
    asked = set()
    for language, name in EVERY:
        for file in FILES:
            source = (FOLDER / language / name / file).read_text()
            asked |= meta.find_undeclared_variables(environment.parse(source))

    assert asked <= set(FACTS)

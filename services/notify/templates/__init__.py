"""What we write to people: `<language>/<template>/<channel>.txt`, rendered strictly, a missing fact being an error.

The first line of `in_app.txt` and `email.txt` is the subject. An e-mail's HTML form is the same words in `email.html`.
A template is named after the event it speaks of; `.desk`, `.technician` and the like say for whom, where it is not the resident.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context

FOLDER = Path(__file__).parent
LANGUAGES = ("zh-CN", "en")
PATTERNS = {"zh-CN": "M月d日HH:mm", "en": "d MMM, HH:mm"}
LOCALES = {language: Locale.parse(name) for language, name in {"zh-CN": "zh_CN", "en": "en_GB"}.items()}
FEET = {
    "zh-CN": "此邮件由系统自动发送，请勿直接回复；通知方式可在「通知设置」中修改。",
    "en": "Sent automatically, please do not reply; you choose in your settings how we tell you.",
}
WORDS = {
    "zh-CN": {
        "repair": "报修",
        "complaint": "投诉",
        "suggestion": "建议",
        "inquiry": "咨询",
        "review": "审核",
        "dispatch": "派单",
        "arrive": "到场",
        "arrival": "到场",
        "work": "处理",
        "resolve": "办结",
        "resolution": "办结",
        "answer": "答复",
        "owner": "业主",
        "common": "公共部分",
        "developer_warranty": "开发商保修",
        "maintenance_fund": "维修资金",
        "third_party": "第三方",
        "low_rating": "评价较低",
        "policy": "按制度回访",
        "sample": "抽样回访",
    },
    "en": {
        "arrive": "arrival",
        "resolve": "resolution",
        "owner": "the owner",
        "common": "the common part",
        "developer_warranty": "the developer's warranty",
        "maintenance_fund": "the maintenance fund",
        "third_party": "a third party",
        "low_rating": "a low rating",
        "policy": "the operator's policy",
        "sample": "a sample of those who said nothing",
    },
}


@dataclass(frozen=True)
class Letter:
    """One message in one language, as each channel says it; what goes outward is filled when it is asked for."""

    template: str
    language: str
    facts: Mapping
    subject: str
    body: str

    @cached_property
    def sms(self) -> str:
        return _filled(f"{self.language}/{self.template}/sms.txt", self.facts)

    @cached_property
    def email_subject(self) -> str:
        return self._email[0]

    @cached_property
    def email_text(self) -> str:
        return self._email[1]

    @cached_property
    def email_html(self) -> str:
        paragraphs = self.email_text.split("\n\n")
        page = {"subject": self.email_subject, "paragraphs": paragraphs, "foot": FEET[self.language]}
        return _filled("email.html", {**self.facts, **page})

    @cached_property
    def _email(self) -> tuple[str, str]:
        return _parted(_filled(f"{self.language}/{self.template}/email.txt", self.facts))


def language_of(asked: str | None) -> str:
    """The language we write that is nearest to the one asked for; Chinese where nothing was said."""
    return "en" if (asked or "").lower().startswith("en") else "zh-CN"


def names() -> list[str]:
    return sorted(folder.name for folder in (FOLDER / LANGUAGES[0]).iterdir() if folder.is_dir())


def render(template: str, language: str, facts: Mapping) -> Letter:
    """Here, or when a channel's words are asked for: jinja2.UndefinedError names a fact that they need and `facts` lacks."""
    facts = {**facts, "language": language}
    return Letter(template, language, facts, *_parted(_filled(f"{language}/{template}/in_app.txt", facts)))


def _filled(name: str, facts: Mapping) -> str:
    text = environment().get_template(name).render(facts).strip()
    return re.sub(r"\n{3,}", "\n\n", text)  # what an empty block leaves


def _parted(text: str) -> tuple[str, str]:
    subject, _, body = text.partition("\n")
    return subject.strip(), body.strip()


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        auto_reload=False,
        autoescape=lambda name: bool(name) and name.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(moment=_moment, word=_word)
    return made


@pass_context
def _moment(context, at: datetime | str) -> str:
    """An instant as people of the estate say it."""
    at = datetime.fromisoformat(at) if isinstance(at, str) else at
    language = context["language"]
    return format_datetime(at, PATTERNS[language], tzinfo=ZoneInfo(context["timezone"]), locale=LOCALES[language])


@pass_context
def _word(context, code: str) -> str:
    """A code of another service in the reader's words; one we do not know yet stands as it is."""
    return WORDS[context["language"]].get(code, code.replace("_", " "))

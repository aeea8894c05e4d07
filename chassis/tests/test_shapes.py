"""Statements of one shape: whoever asks gets their own rows, by a statement that was built for somebody else."""

import base64
import itertools

import orjson
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Bundle

from chassis import shapes
from chassis.actor import SYSTEM
from chassis.errors import Forbidden, Invalid, NotFound
from chassis.ids import new_id
from chassis.model import Perhaps
from chassis.testing import a_person
from chassis.tests.kites.model import Kite, Note, State

HY, QY = new_id(), new_id()
KITE = "00000000-0000-7000-8000-000000000001"
COLOURS = ("red", "blue")
ESTATES = [new_id() for _ in range(6)]


class Painted(Bundle):
    """What a kite looks like."""

    def create_row_processor(self, query, procs, labels):
        colour, state = procs
        return lambda row: f"{colour(row)}, {state(row).value}"


LINE = [
    Kite.id,
    Kite.estate_id,
    Kite.state,
    Painted("looks", Kite.colour, Kite.state),
    Perhaps("note", Note.id, Note.text),
]


def flying(work, *, colour=None, state=None, mine=False):
    found = work.seen(Kite).outerjoin(Note, Note.id == Kite.id).with_only_columns(*LINE)
    if colour is not None:
        found = found.where(Kite.colour == colour)
    if state is not None:
        found = found.where(Kite.state == state)
    return found.where(Kite.flights > 0, Kite.state.not_in([State.GROUNDED])) if mine else found


def pilots():
    everybody = [a_person(operator_id=each, roles=["pilot@operator"]) for each in (HY, QY)]
    for held in ([0], [1], [0, 1], [2, 3, 4], [1, 2, 3, 4, 5], []):
        roles = [f"pilot@estate:{ESTATES[number]}" for number in held]
        everybody += [a_person(operator_id=each, roles=roles) for each in (HY, QY)]
    return everybody


@pytest.fixture
def sky(kites):
    with kites.work() as work:
        for operator_id, estate_id in itertools.product((HY, QY), ESTATES):
            for colour in COLOURS:
                kite = work.add(Kite.build(operator_id=operator_id, estate_id=estate_id, colour=colour))
                if colour == "red":
                    kite.fly()
                    work.add(Note(id=kite.id, operator_id=operator_id, estate_id=estate_id, text="high"))
    return kites


def test_everybody_gets_the_rows_that_their_own_statement_finds(sky):
    questions = [{}, {"colour": "red"}, {"colour": "blue"}, {"colour": "red", "state": State.FLYING}, {"mine": True}]
    by = [Kite.id.desc()]
    for pilot, asked in itertools.product(pilots(), questions):
        with sky.work(pilot, permission="kites:see") as work:
            plain = work.page(flying(work, **asked), by=by, limit=200).items
            page = work.page(work.shaped(flying, **asked), by=by, limit=200)

        assert [tuple(line) for line in page.items] == [tuple(row) for row in plain], (pilot.roles, asked)
        assert [line._fields for line in page.items] == [row._fields for row in plain]


def test_its_pages_make_up_the_list(sky):
    with sky.work(pilots()[0], permission="kites:see") as work:
        found, after = [], None
        while after or not found:
            page = work.page(work.shaped(flying), by=[Kite.estate_id, Kite.id], limit=5, after=after)
            found, after = [*found, *page.items], page.next
        whole = work.page(flying(work), by=[Kite.estate_id, Kite.id]).items

    assert [line.id for line in found] == [row.id for row in whole] and len(whole) == 12


def test_it_is_built_once_for_one_shape(sky):
    built = []

    def counted(work, **asked):
        built.append(asked.keys())
        return flying(work, **asked)

    for pilot in pilots()[2:6]:
        for colour in ("red", "blue", None):
            with sky.work(pilot, permission="kites:see") as work:
                work.page(work.shaped(counted, colour=colour), by=[Kite.id])

    assert len(built) == 2  # with a colour, and without one


def test_who_answers_otherwise_gets_another_statement(sky):
    def whose(work):
        return flying(work) if work.actor.holds("kites:fly") else flying(work).where(Kite.colour == "blue")

    guest = a_person(operator_id=HY, roles=["guest@operator"])
    for person, count in ((pilots()[0], 12), (guest, 6), (pilots()[0], 12)):
        with sky.work(person, permission="kites:see") as work:
            assert len(work.page(work.shaped(whose), by=[Kite.id]).items) == count


def test_a_value_is_not_to_be_looked_at(kites):
    def nosy(work, *, colour):
        return flying(work).where(Kite.colour == colour) if colour else flying(work)

    with kites.work() as work, pytest.raises(TypeError):
        work.shaped(nosy, colour="red")


@pytest.mark.parametrize("name", ["roles", "reach", "may"])
def test_what_an_actor_may_be_asked_is_what_can_be_noted(kites, name):
    with kites.work() as work, pytest.raises(AttributeError):
        work.shaped(lambda work: select(Kite.id).where(Kite.colour == str(getattr(work.actor, name))))


def test_what_is_kept_has_bounds(kites):
    def build(work, **_asked):
        return select(Kite.id)

    with kites.work() as work:
        for number in range(shapes.MOST_QUESTIONS + 5):
            work.shaped(build, **{f"flag{number}": True})
        for _ in range(shapes.MOST_ANSWERS + 5):
            work.shaped(build)
            shapes._kept[build, None, ()][0].notes.append(("has_scope", ("nowhere",), "never"))

    assert len(shapes._kept) <= shapes.MOST_QUESTIONS
    assert len(shapes._kept[build, None, ()]) <= shapes.MOST_ANSWERS


def test_the_system_sees_all(sky):
    with sky.work(SYSTEM) as work:
        assert len(work.page(work.shaped(flying), by=[Kite.id], limit=50).items) == 24


# ── one thing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def with_note(work, *, kite_id):
    found = select(Kite, Note).outerjoin(Note, Note.id == Kite.id)
    return found.where(Kite.id == kite_id, Kite.visible_to(work.actor, None))


def test_one_row_is_what_it_is_about_and_what_belongs_to_it(sky):
    with sky.work() as work:
        red, blue = (
            work.scalars(select(Kite).where(Kite.operator_id == HY, Kite.colour == each))[0] for each in COLOURS
        )

    with sky.work(pilots()[0], permission="kites:fly") as work:
        kite, note = work.one(work.shaped(with_note, kite_id=red.id))
        assert (kite.id, note.text, work.get(Note, red.id)) == (red.id, "high", note)
        assert work.one(work.shaped(with_note, kite_id=blue.id)).Note is None


def test_what_is_out_of_reach_or_not_allowed_there_is_refused(sky):
    with sky.work() as work:
        kite = work.scalars(select(Kite).where(Kite.operator_id == HY, Kite.estate_id == ESTATES[0]))[0]
    elsewhere = a_person(operator_id=HY, roles=[f"pilot@estate:{ESTATES[1]}", f"guest@estate:{ESTATES[0]}"])

    for person, refusal in ((pilots()[1], NotFound), (pilots()[4], NotFound), (elsewhere, Forbidden)):
        with sky.work(person, permission="kites:fly") as work, pytest.raises(refusal):
            work.one(work.shaped(with_note, kite_id=kite.id))


# ── when it fails ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("place", [["red", "x"], ["\0", KITE], ["red"], [1, KITE]], ids=str)
def test_a_made_up_cursor_is_refused(kites, place):
    cursor = base64.urlsafe_b64encode(orjson.dumps(place)).decode()

    with kites.work(pilots()[0], permission="kites:see") as work, pytest.raises(Invalid):
        work.page(work.shaped(painted), by=[Kite.colour, Kite.id], after=cursor)


def painted(work):
    return select(Kite.id, Kite.colour)


def test_a_connection_that_ends_in_the_middle_is_a_failure_of_the_engines_kind(kites):
    with pytest.raises(OperationalError) as failure, kites.work() as work:
        own = work.scalar(text("SELECT pg_backend_pid()"))
        kites._admin.execute("SELECT pg_terminate_backend(%s)", [own])
        work.page(work.shaped(painted), by=[Kite.id], after=None)

    assert failure.value.connection_invalidated
    with kites.work() as work:
        assert work.page(work.shaped(painted), by=[Kite.id]).items == []

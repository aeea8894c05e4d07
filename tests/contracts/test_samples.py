"""What was ever said is still understood by whoever listens (messaging.md §10, 28)."""

import copy
import json

import pytest

from chassis import inbox
from chassis.events import Envelope, event, on
from chassis.inbox import Outcome
from chassis.service import load, names
from tests.contracts.samples import GOLDEN, released, sample_of

SAMPLES = sorted(GOLDEN.glob("*.json"))


def envelope_of(sample) -> Envelope:
    return Envelope.from_json(sample.read_bytes())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_every_listener_understands_what_was_ever_said(sample):
    """28. A sample that a listener no longer understands would be parked by it."""
    said = envelope_of(sample)
    refused = {name: heard for name in names() if isinstance(heard := inbox._understand(load(name), said), Outcome)}
    assert refused == {}


def test_a_listener_that_wants_what_was_never_said_is_found_out():
    """28, unprotected: a field renamed within its version."""

    @event("directory.unit.registered", version=1)
    class Renamed:
        unit_identifier: str

    @on(Renamed)
    def reaction(_work, _heard): ...

    changed = copy.copy(load("notify"))
    changed.reactions = list(reaction.__reactions__)
    heard = inbox._understand(changed, envelope_of(GOLDEN / "directory.unit.registered.v1.json"))
    assert isinstance(heard, Outcome) and "unit_identifier" in heard.reason


def test_every_event_that_we_say_has_a_sample():
    """28. `python -m tests.contracts.samples` writes those that lack."""
    missing = [type for type, _ in released() if not (GOLDEN / f"{type}.json").exists()]
    assert missing == []


@pytest.mark.parametrize("type, cls", released(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_sample_holds_nothing_that_we_no_longer_say(type, cls):
    """28. Within a version fields are only added: whoever hears today's event finds all that the sample has."""
    now = sample_of(type, cls).to_dict()["data"]
    kept = json.loads((GOLDEN / f"{type}.json").read_text())["data"]
    assert set(kept) <= set(now)
    assert {name: shape_of(kept[name]) for name in kept} == {name: shape_of(now[name]) for name in kept}


def shape_of(value):
    return value.__class__.__name__


@pytest.mark.parametrize("listener", names())
def test_no_sample_is_parked_by_the_reactions_themselves(listener, platform):
    """28. They may ask for more time (a sample speaks of nobody we know), and never say that it cannot be."""
    service = platform[listener]
    heard = [envelope for sample in SAMPLES if (envelope := envelope_of(sample)).type in service.service.hears]
    outcomes = inbox.process(service.runtime, heard)
    assert [outcome for outcome in outcomes if outcome.verdict is inbox.Verdict.PARK] == []

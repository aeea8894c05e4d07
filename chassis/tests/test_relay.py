"""The relay: what is committed reaches the broker, in order for each aggregate, whoever dies in between."""

import signal
import threading
from collections import Counter, defaultdict
from dataclasses import replace

import orjson
import pytest
from sqlalchemy import insert, select

from chassis import consumer, relay, tables
from chassis.events import on
from chassis.ids import new_id
from chassis.outbox import outbox_row
from chassis.publisher import Publisher
from chassis.relay import Relay
from chassis.tests.kites.events import KiteBuilt, KiteFlown
from chassis.tests.kites.model import Kite, Note, State
from chassis.tests.wire import E1, HY, away, eventually, hearing, room, said_by

pytestmark = pytest.mark.connected
FLOWN, BUILT = "kites.kite.flown.v1", "kites.kite.built.v1"


@on(KiteFlown)
def note_flight(work, heard):
    work.add(Note(estate_id=work.cause.estate_id, text=f"{heard.kite_id} {heard.flights}"))


def build(kites, count=1):
    with kites.work() as work:
        return [work.add(Kite.build(operator_id=HY, estate_id=E1, colour="red")) for _ in range(count)]


def fly(kites, ids, times=1):
    for _ in range(times):
        with kites.work() as work:
            for kite in work.scalars(select(Kite).where(Kite.id.in_(ids)).with_for_update()):
                kite.state = State.GROUNDED
                kite.fly()


def flight():
    return KiteFlown(kite_id=new_id(), estate_id=E1, flights=1)


def into_outbox(wire, *envelopes):
    """As if the service had said them."""
    with wire.runtime.transaction(system=True) as session:
        session.execute(insert(tables.outbox), [outbox_row(each) for each in envelopes])


def waiting(wire):
    return wire.sql("SELECT count(*) FROM outbox WHERE sent_at IS NULL")[0][0]


def delivered(wire, queue="roofs.events"):
    return [orjson.loads(body) for _, body in wire.take(queue)]


def by_aggregate(events):
    """{subject: sequences in the order of their first arrival}"""
    order = defaultdict(list)
    for each in events:
        if int(each["sequence"]) not in order[each["subject"]]:
            order[each["subject"]].append(int(each["sequence"]))
    return order


@pytest.fixture
def roofs(wire):
    """A listener to everything that kites say."""
    wire.topology(wire.kites.service, room("roofs", BUILT, FLOWN))
    return wire


@pytest.fixture
def hand(roofs):
    """A relay that carries one batch when it is told to."""
    publisher = Publisher(roofs.url("kites"), "a relay by hand")
    assert publisher.ready(10)
    carrier = Relay(roofs.runtime, publisher, unheard={"kites.audit.sealed.v1"})
    with carrier._session() as keeper:
        carrier._share(keeper)
        carrier.carry = lambda: carrier.carry_batch(keeper)
        carrier.settle = lambda: carrier._settle(keeper)
        yield carrier
    publisher.close()


def test_what_is_committed_is_delivered_as_it_was_recorded(kites, roofs):
    (kite,) = build(kites)

    with roofs.running(relay):
        eventually(lambda: waiting(roofs) == 0)

    ((properties, body),) = roofs.take("roofs.events")
    (said,) = kites.said()
    assert orjson.loads(body) == said.to_dict()
    assert (properties.message_id, said.subject) == (str(said.id), f"kite/{kite.id}")


def test_a_commit_wakes_the_relay_long_before_its_next_look(kites, roofs, monkeypatch):
    monkeypatch.setattr(relay, "LOOK", 60)

    with roofs.running(relay):
        eventually(lambda: roofs.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")[0][0] > 16)
        build(kites)
        eventually(lambda: waiting(roofs) == 0, seconds=5)
        monkeypatch.setattr(relay, "LOOK", 1)
        build(kites)  # wakes it to its end


def test_a_relay_killed_between_confirm_and_mark_loses_nothing_and_its_duplicates_have_one_effect(kites, wire):
    listening = hearing(kites.service, note_flight)
    wire.topology(listening, room("roofs", BUILT, FLOWN))
    kite_ids = [kite.id for kite in build(kites, 20)]
    for _ in range(3):
        fly(kites, kite_ids)
        process = wire.process(relay, fail_at="after_confirm")
        assert process.wait(60) == -signal.SIGKILL

    with wire.running(relay):
        eventually(lambda: waiting(wire) == 0)
    with wire.running(consumer):
        eventually(lambda: wire.depth("kites.events") == 0 and len(notes(kites)) >= 60)

    arrived = delivered(wire)
    assert len(arrived) > 80, "there were duplicates on the wire, or the kill did not bite"
    assert {each["id"] for each in arrived} == {str(said.id) for said in kites.said()}
    assert by_aggregate(arrived) == {f"kite/{id}": [1, 2, 3, 4] for id in kite_ids}
    assert sorted(notes(kites)) == sorted(f"{id} {n}" for id in kite_ids for n in (1, 2, 3))


def notes(kites):
    with kites.work() as work:
        return work.scalars(select(Note.text))


def test_a_relay_killed_before_any_confirm_loses_nothing(kites, roofs):
    build(kites, 50)
    assert roofs.process(relay, fail_at="after_publish").wait(60) == -signal.SIGKILL

    assert waiting(roofs) == 50
    with roofs.running(relay):
        eventually(lambda: waiting(roofs) == 0)
    assert {each["id"] for each in delivered(roofs)} == {str(said.id) for said in kites.said()}


def test_several_relays_share_the_shards_and_keep_each_aggregates_order(kites, roofs):
    kite_ids = [kite.id for kite in build(kites, 40)]

    with roofs.running(relay), roofs.running(relay), roofs.running(relay):
        writer = threading.Thread(target=fly, args=(kites, kite_ids, 15))
        writer.start()
        eventually(lambda: len(set(owners(roofs).values())) == 3)
        writer.join(60)
        eventually(lambda: waiting(roofs) == 0)
        eventually(lambda: sorted(Counter(owners(roofs).values()).values()) == [4, 6, 6])

    arrived = delivered(roofs)
    assert len(arrived) == 40 * 16, "nobody died, so nothing came twice"
    assert by_aggregate(arrived) == {f"kite/{id}": list(range(1, 17)) for id in kite_ids}


def owners(wire):
    """{shard: the session that holds it}"""
    held = "SELECT objid, pid FROM pg_locks WHERE classid = :locks AND objid < 16 AND granted"
    return dict(wire.sql(held, locks=relay.LOCKS))


def test_a_relay_whose_session_is_cut_takes_its_shards_again(kites, roofs):
    with roofs.running(relay):
        eventually(lambda: len(owners(roofs)) == 16)
        (first,) = set(owners(roofs).values())
        roofs.sql("SELECT pg_terminate_backend(:pid)", pid=first)
        build(kites)
        eventually(lambda: waiting(roofs) == 0)
        eventually(lambda: len(owners(roofs)) == 16)
        assert first not in owners(roofs).values()


def test_an_event_that_commits_late_is_not_passed_over(kites, hand, roofs):
    with kites.work() as late:
        late.add(Kite.build(operator_id=HY, estate_id=E1, colour="late"))
        late.session.flush()
        build(kites)
        assert hand.carry() == 1

    assert hand.carry() == 1
    first, second = delivered(roofs)
    assert (first["data"]["colour"], second["data"]["colour"]) == ("red", "late")


def test_an_event_without_a_queue_stops_its_aggregate_alone_and_is_parked_after_twenty_returns(kites, wire):
    wire.topology(wire.kites.service, room("roofs", BUILT))
    first, second = build(kites, 2)
    fly(kites, [first.id, second.id])
    publisher = Publisher(wire.url("kites"), "a relay by hand")
    carrier = Relay(wire.runtime, publisher, unheard=set())
    assert publisher.ready(10)

    with carrier._session() as keeper:
        carrier._share(keeper)
        assert carrier.carry_batch(keeper) == 2
        for _ in range(relay.RETURNS - 1):
            carrier.resting.clear()
            assert carrier.carry_batch(keeper) == 0
        build(kites)
        assert carrier.carry_batch(keeper) == 1, "the others go on"

        stuck = wire.sql("SELECT attempts, last_error, parked_at IS NOT NULL FROM outbox WHERE sent_at IS NULL")
        assert stuck == [(relay.RETURNS, "312 NO_ROUTE", True)] * 2
        fly(kites, [first.id])
        carrier.resting.clear()
        assert carrier.carry_batch(keeper) == 0, "what follows a parked event waits for it"

        wire.topology(wire.kites.service, room("roofs", BUILT, FLOWN))
        assert relay.resume(wire.runtime) == 2
        assert carrier.carry_batch(keeper) == 3
    publisher.close()
    assert [each["sequence"] for each in delivered(wire) if each["subject"] == f"kite/{first.id}"] == ["2", "3"]


def test_what_is_confirmed_after_a_failure_is_not_marked_but_said_again_in_its_order(wire):
    wire.topology(wire.kites.service, room("roofs", BUILT))
    kite = f"kite/{new_id()}"
    flown = said_by(flight(), sequence=1)
    built = said_by(KiteBuilt(kite_id=new_id(), estate_id=E1, colour="red"), sequence=2)
    into_outbox(wire, *(replace(each, subject=kite) for each in (flown, built)))
    publisher = Publisher(wire.url("kites"), "a relay by hand")
    assert publisher.ready(10)
    carrier = Relay(wire.runtime, publisher, unheard=set())

    with carrier._session() as keeper:
        carrier._share(keeper)
        assert carrier.carry_batch(keeper) == 0
    publisher.close()

    assert waiting(wire) == 2
    assert [each["id"] for each in delivered(wire)] == [str(built.id)]


def test_of_a_backlog_one_batch_is_marked_while_the_next_is_on_its_way(kites, hand, roofs, monkeypatch):
    monkeypatch.setattr(relay, "BATCH", 3)
    build(kites, 7)

    marked = [hand.carry() for _ in range(3)]

    assert marked == [0, 3, 4] and waiting(roofs) == 0
    assert [each["id"] for each in delivered(roofs)] == [str(each.id) for each in kites.said()], "each once, in order"


def test_what_was_read_ahead_of_a_failure_is_read_again_behind_it(wire, monkeypatch):
    monkeypatch.setattr(relay, "BATCH", 2)
    wire.topology(wire.kites.service, room("roofs", FLOWN))  # nobody takes that a kite was built
    stuck, (one, other) = f"kite/{new_id()}", (said_by(flight()) for _ in range(2))
    built = said_by(KiteBuilt(kite_id=new_id(), estate_id=E1, colour="red"), sequence=1)
    follower = said_by(flight(), sequence=2)
    into_outbox(wire, replace(built, subject=stuck), one, replace(follower, subject=stuck), other)
    publisher = Publisher(wire.url("kites"), "a relay by hand")
    assert publisher.ready(10)
    carrier = Relay(wire.runtime, publisher, unheard=set())

    with carrier._session() as keeper:
        carrier._share(keeper)
        marked = [carrier.carry_batch(keeper) for _ in range(2)]
    publisher.close()

    assert marked == [1, 1] and waiting(wire) == 2
    assert [each["id"] for each in delivered(wire)] == [str(one.id), str(other.id)], "the follower was not said"


def test_shards_are_counted_anew_with_nothing_read_ahead_and_all_written_down(kites, hand, roofs, monkeypatch):
    monkeypatch.setattr(relay, "BATCH", 2)
    build(kites, 4)
    hand.carry()
    assert len(hand.ahead) == 2 and waiting(roofs) == 4

    hand.settle()

    assert hand.ahead == [] and waiting(roofs) == 2


def test_a_refused_aggregate_rests_and_does_not_keep_the_relay_busy(kites, hand, roofs):
    roofs.topology(roofs.kites.service)
    build(kites)

    assert hand.carry() == 0
    (tried,) = roofs.sql("SELECT attempts FROM outbox")[0]
    assert hand.carry() == 0

    assert roofs.sql("SELECT attempts FROM outbox") == [(tried,)] == [(1,)]


def test_a_fact_that_the_contracts_say_nobody_hears_counts_as_sent(kites, roofs):
    roofs.topology(roofs.kites.service)
    build(kites)
    publisher = Publisher(roofs.url("kites"), "a relay by hand")
    assert publisher.ready(10)
    carrier = Relay(roofs.runtime, publisher, unheard={BUILT})

    with carrier._session() as keeper:
        carrier._share(keeper)
        assert carrier.carry_batch(keeper) == 1
    publisher.close()
    assert waiting(roofs) == 0


def test_while_the_database_is_away_the_relay_waits_and_then_goes_on(kites, roofs, postgres_url):
    build(kites)
    with roofs.running(relay):
        eventually(lambda: waiting(roofs) == 0)
        with away(kites, postgres_url):
            pass
        build(kites)
        eventually(lambda: waiting(roofs) == 0)
    assert len(delivered(roofs)) == 2

"""The part of a ticket that is about time: its limits, what stops them, the appointment, and the arrival."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Mapped

from services.tickets import events
from services.tickets.events import Counting, Due, Limit, State, Waiting
from services.tickets.model import calendar, timing
from services.tickets.model.clock import Clock
from services.tickets.model.limits import Target, limits_for
from services.tickets.model.moves import IllegalMove
from services.tickets.model.pause import STOPS, Pause

ZONE = "Asia/Shanghai"  # of a ticket whose estate is not known
TO_COME = (State.ACCEPTED, State.DISPATCHED, State.ON_HOLD)  # a time to come may be agreed


class Timed:
    """Mixed into Ticket."""

    limits: Mapped[
        dict | None
    ]  # where not the standard ones: {"arrival": {"seconds": 14400, "counting": "natural"}, …}
    appointed_from: Mapped[datetime | None]
    appointed_to: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]

    def limit_by(self, targets: Mapping[Limit, Target]) -> None:
        """From now on its clocks are wound by these."""
        self.limits = {
            limit.value: {"seconds": int(target.span.total_seconds()), "counting": target.counting.value}
            for limit, target in targets.items()
        }

    def target(self, limit: Limit) -> Target | None:
        """How long it may take; None: for as long as it likes."""
        if self.limits is None:
            return limits_for(self.kind, self.category, self.problem, self.urgency).get(limit)
        said = self.limits.get(limit.value)
        return said and Target(timedelta(seconds=said["seconds"]), Counting(said["counting"]))

    def counted(self, counting: Counting) -> tuple[timing.Counted, int]:
        """What counts, and the version of the calendar that says so."""
        if counting is Counting.NATURAL:
            return timing.ALWAYS, 0
        return self.estate.working_hours if self.estate else (calendar.usual(ZONE), 0)

    # ── limits begin and end ─────────────────────────────────────────────────────────────────────────────────────

    def running(self, limit: Limit) -> Clock | None:
        return next((each for each in self.clocks if each.clock is limit and each.met_at is None), None)

    def turn(
        self,
        fact: type,
        at: datetime,
        *,
        meets: Iterable[Limit] = (),
        winds: Mapping[Limit, Target | None] | None = None,
        **more,
    ) -> None:
        """Say a fact by which limits are met, and others are wound unless they run already: by these targets, or their own."""
        for clock in self.clocks:
            if clock.clock in meets:
                clock.meet(at)
        fresh = [clock for limit, target in (winds or {}).items() if (clock := self._wind(limit, at, target))]
        self._say(fact, **more)
        for clock in fresh:
            clock.start()

    def _wind(self, limit: Limit, at: datetime, target: Target | None = None) -> Clock | None:
        target, since = target or self.target(limit), at
        if limit is Limit.ARRIVAL and target:
            target, since = self._agreed(target, at)
        return Clock.wound(self, limit, target, since) if target and not self.running(limit) else None

    def _say_and_wind(self, fact: type, review_within: timedelta, at: datetime, **more) -> None:
        """It waits to be sent, and where it asks for an answer, for that."""
        self.turn(
            fact,
            at,
            meets=[Limit.ARRIVAL],
            winds={Limit.REVIEW: self._haste(review_within), Limit.ANSWER: None},
            **more,
        )

    def _haste(self, review_within: timedelta) -> Target:
        return Target(min(review_within, self.target(Limit.REVIEW).span))

    def _meet_clocks(self, at: datetime) -> None:
        for clock in self.clocks:
            clock.meet(at)

    # ── limits wait ──────────────────────────────────────────────────────────────────────────────────────────────

    def wait(self, reason: Waiting, cap: timedelta, *, times: int | None = None, at: datetime) -> None:
        """The limits that this reason may stop wait, as long as its cap has left; `times` it may be used."""
        stopped = [each for each in self.clocks if each.clock in STOPS[reason] and each.met_at is None]
        if not stopped:
            return
        since = min(each.started_at for each in stopped)
        taken = [each.stop.span(at) for each in self.pauses if each.reason is reason and each.started_at >= since]
        until = at + timing.left(cap, times, taken)
        if until > at:
            self.pauses.append(Pause(estate_id=self.estate_id, reason=reason, started_at=at, until=until))
            for clock in stopped:
                clock.pause(until, reason, at)

    def run_on(self, *, at: datetime) -> None:
        """The wait is over."""
        for pause in self.pauses:
            pause.ended_at = pause.ended_at or at
        for clock in self.clocks:
            if clock.paused_at:
                clock.resume(at)

    # ── somebody comes ───────────────────────────────────────────────────────────────────────────────────────────

    def appoint(self, start: datetime, end: datetime, *, at: datetime) -> None:
        """A time to come is agreed: from then on the arrival counts, and the end of the agreed time is its limit."""
        if self.state not in TO_COME or self.arrived_at:
            raise IllegalMove(state=self.state, move="appoint")
        self.appointed_from, self.appointed_to = start, end
        clock = self.running(Limit.ARRIVAL)
        if clock:
            target, since = self._agreed(Target(end - start), at)
            clock.restart(target, since=since, at=at)
        self._say(events.TicketAppointed)

    def arrive(self, *, at: datetime) -> None:
        """Whoever was sent is there."""
        if self.state is not State.DISPATCHED or self.arrived_at:
            raise IllegalMove(state=self.state, move="arrive")
        self.arrived_at = at
        self.turn(events.TicketArrived, at, meets=[Limit.ARRIVAL])

    def _agreed(self, target: Target, at: datetime) -> tuple[Target, datetime]:
        """The agreed time, unless it is over."""
        if self.appointed_to is None or self.appointed_to <= at:
            return target, at
        since = max(self.appointed_from, at)
        return Target(self.appointed_to - since), since

    # ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def ticket_id(self) -> UUID:
        return self.id

    @property
    def dues(self) -> list[Due]:
        return [Due(**{f.name: getattr(clock, f.name) for f in fields(Due)}) for clock in self.clocks]

"""What a month says: where time goes, which limits are missed, what comes back, and what to look into."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, select, true

from chassis.errors import Invalid, NotFound
from chassis.i18n import Sentence
from chassis.model import within
from services.tickets.model import Estate, Person
from services.tickets.model.figures import Dimension, MonthFigure, MonthlyAnalysis, RepeatFault, Scope, rate

NAME_A_SCOPE = Sentence(
    "Name one of your estates as `estate_id`, or a region.", "请用 estate_id 指定您的一个项目，或指定区域。"
)
ONE_OF_THEM = Sentence("Name an estate or a region, not both.", "estate_id 与 region_id 只能选一个。")
MOST_LINES = 200  # of each dimension, the most frequent first
MOST_REPEATS = 50
MISSED = 0.10  # of those with a limit: from here on it is proposed to change something
FEW = 20  # fewer closures say nothing


@dataclass(frozen=True)
class Proposal:
    """What to look into, with the figure that says so. `about` is a stage, a limit, or a value of a dimension."""

    kind: str
    reason: str
    about: str
    figure: float


@dataclass(frozen=True)
class Analysis:
    month: date
    scope: Scope
    scope_id: UUID
    counted_at: datetime | None
    processes: list[MonthFigure]
    lines: list[MonthFigure]
    repeats: list[RepeatFault]

    @property
    def proposals(self) -> list[Proposal]:
        """What the month says should be adjusted: limits often missed, work that comes back, people who are not satisfied.

        Each names its figure, so that a person can judge it; the weightiest first.
        """
        found = [each for line in self.processes for each in _of_process(line)]
        found += [each for line in self.lines for each in _of_line(line)]
        found += [Proposal("repair", "repeated", _place(each), each.times) for each in self.repeats[:5]]
        return sorted(found, key=lambda each: (ORDER.index(each.reason), -each.figure))[:MOST_REPEATS]


def of_month(work, month: date, *, estate_id: UUID | None = None, region_id: UUID | None = None) -> Analysis:
    """A month of one estate, one region, or the whole operator, as far as the caller analyses it.

    Raises:
        NotFound: for what is out of reach.
        Invalid: when no scope is named and the caller has several.
    """
    scope, scope_id = _scope(work, estate_id, region_id)
    own = (MonthFigure.operator_id == work.actor.operator_id, MonthFigure.month == month)
    of_scope = select(MonthFigure).where(*own, MonthFigure.scope == scope, MonthFigure.scope_id == scope_id)
    figures = work.scalars(of_scope.order_by(MonthFigure.dimension, MonthFigure.ended.desc(), MonthFigure.id))
    return Analysis(
        month,
        scope,
        scope_id,
        work.scalar(work.seen(MonthlyAnalysis).filter_by(month=month).with_only_columns(MonthlyAnalysis.counted_at)),
        [each for each in figures if each.dimension is Dimension.ALL],
        _named(work, figures),
        _repeats(work, month, scope, scope_id),
    )


def _scope(work, estate_id: UUID | None, region_id: UUID | None) -> tuple[Scope, UUID]:
    reach = work.actor.estates("tickets:analyse")
    if estate_id and region_id:
        raise Invalid(errors={"region_id": [ONE_OF_THEM]})
    if estate_id:
        return Scope.ESTATE, work.find(Estate, estate_id).id
    if region_id:
        estates = work.scalars(_of_region(work, region_id))
        if not estates or not all(each in reach for each in estates):
            raise NotFound()
        return Scope.REGION, region_id
    if work.actor.may("tickets:analyse", None):
        return Scope.OPERATOR, work.actor.operator_id
    if len(reach) != 1:
        raise Invalid(errors={"estate_id": [NAME_A_SCOPE]})
    return Scope.ESTATE, next(iter(reach))


def _of_region(work, region_id: UUID) -> Select:
    return select(Estate.id).where(Estate.operator_id == work.actor.operator_id, Estate.region_id == region_id)


def _named(work, figures: list[MonthFigure]) -> list[MonthFigure]:
    """The most frequent lines of each dimension; technicians with their names."""
    lines = [line for of in Dimension if of is not Dimension.ALL for line in _most(figures, of)]
    people = {UUID(line.value) for line in lines if line.dimension is Dimension.TECHNICIAN}
    names = {str(id): name for id, name in work.execute(select(Person.id, Person.name).where(Person.id.in_(people)))}
    for line in lines:
        line.name = names.get(line.value)
    return lines


def _most(figures: list[MonthFigure], dimension: Dimension) -> list[MonthFigure]:
    return [each for each in figures if each.dimension is dimension and each.value][:MOST_LINES]


def _repeats(work, month: date, scope: Scope, scope_id: UUID) -> list[RepeatFault]:
    estates = {
        Scope.OPERATOR: true(),
        Scope.REGION: RepeatFault.estate_id.in_(_of_region(work, scope_id)),
        Scope.ESTATE: RepeatFault.estate_id == scope_id,
    }
    found = work.seen(RepeatFault).where(RepeatFault.month == month, estates[scope])
    return work.scalars(found.order_by(RepeatFault.times.desc(), RepeatFault.id).limit(MOST_REPEATS))


def estates_of_month(work, month: date, *, limit: int, after: str | None):
    """Every estate's line beside each other, the caller's only; the head office's view of a month."""
    found = work.seen(MonthFigure).where(
        MonthFigure.month == month,
        MonthFigure.scope == Scope.ESTATE,
        MonthFigure.dimension == Dimension.ALL,
        within(MonthFigure.scope_id, work.actor.estates("tickets:analyse")),
    )
    return work.page(found, by=[MonthFigure.breached.desc(), MonthFigure.id.desc()], limit=limit, after=after)


# ── what to look into ────────────────────────────────────────────────────────────────────────────────────────────

ORDER = ("missed", "reopened", "low_ratings", "repeated")


def _of_process(line: MonthFigure) -> list[Proposal]:
    missed = [each for each in line.kept if each.ran >= FEW and each.breach_rate > MISSED]
    return [Proposal(line.kind, "missed", each.limit, round(each.breach_rate, 3)) for each in missed]


def _of_line(line: MonthFigure) -> list[Proposal]:
    """Ratings and reopenings speak of what was done and by whom."""
    if line.dimension not in (Dimension.CATEGORY, Dimension.TECHNICIAN) or line.completed < FEW:
        return []
    shares = {"reopened": rate(line.reopened, line.completed), "low_ratings": rate(line.low_ratings, line.rated)}
    about = f"{line.dimension}:{line.value}"
    return [Proposal(line.kind, reason, about, round(share, 3)) for reason, share in shares.items() if share > MISSED]


def _place(repeat: RepeatFault) -> str:
    return f"{repeat.category}/{repeat.problem or ''} {repeat.unit_id or repeat.place}"

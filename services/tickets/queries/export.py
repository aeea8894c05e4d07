"""The list of tickets as a table to take away: the rows that the list would show, with what people want to know of them."""

from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from chassis.exports import Column
from chassis.i18n import Sentence
from services.tickets.model import Estate, Person, Rating, Ticket, Unit
from services.tickets.model.ticket import ORDERS
from services.tickets.queries import listing, search

KINDS = {
    "repair": Sentence("repair", "报修"),
    "complaint": Sentence("complaint", "投诉"),
    "suggestion": Sentence("suggestion", "建议"),
    "inquiry": Sentence("inquiry", "咨询"),
}
STATES = {
    "submitted": Sentence("submitted", "待审核"),
    "needs_answer": Sentence("needs answer", "待补充"),
    "accepted": Sentence("accepted", "已受理"),
    "assigned": Sentence("assigned", "已指派"),
    "dispatched": Sentence("dispatched", "已派单"),
    "started": Sentence("started", "处理中"),
    "on_hold": Sentence("on hold", "已挂起"),
    "completed": Sentence("completed", "已完工"),
    "replied": Sentence("replied", "已答复"),
    "contested": Sentence("contested", "有异议"),
    "on_agenda": Sentence("on the agenda", "已列入议程"),
    "closed": Sentence("closed", "已关闭"),
    "rejected": Sentence("rejected", "已驳回"),
    "cancelled": Sentence("cancelled", "已取消"),
}
URGENCIES = {
    "normal": Sentence("normal", "普通"),
    "urgent": Sentence("urgent", "紧急"),
    "emergency": Sentence("emergency", "特急"),
}
MOMENTS = {
    "filed_at": Sentence("Reported", "报告时间"),
    "reviewed_at": Sentence("Reviewed", "审核时间"),
    "dispatched_at": Sentence("Dispatched", "派单时间"),
    "started_at": Sentence("Started", "开始时间"),
    "completed_at": Sentence("Completed", "完工时间"),
    "closed_at": Sentence("Closed", "关闭时间"),
}
Reporter = aliased(Person)
SCORE = (
    select(Rating.score)
    .where(Rating.ticket_id == Ticket.id)
    .order_by(Rating.closure.desc())
    .limit(1)
    .correlate(Ticket)
    .scalar_subquery()
)
FIELDS = [
    *(getattr(Ticket, name) for name in ("id", "number", "kind", "state", "place", "urgency", "description")),
    *(getattr(Ticket, name) for name in ("resolution", "reopened", "labour_minutes", *MOMENTS)),
    listing.TITLE,
    Estate.code.label("estate"),
    Estate.timezone,
    Unit.code.label("unit"),
    Reporter.name.label("reporter"),
    Person.name.label("assignee"),
    SCORE.label("score"),
]


def tickets(work, *, q=None, sort="-filed_at", **asked) -> Select:
    """Every row of the list that these filters make, for the same reader."""
    found = listing.listed(work, **asked)
    found = search.narrowed(work, found, q, estate_id=asked.get("estate_id")) if q else found
    beside = found.join(Estate, Estate.id == Ticket.estate_id).outerjoin(Unit, Unit.id == Ticket.unit_id)
    return (
        beside.outerjoin(Reporter, Ticket.reporter_id == Reporter.id).with_only_columns(*FIELDS).order_by(*ORDERS[sort])
    )


def columns(language: str) -> list[Column]:
    """What stands in the table, by the reader's language; moments by the estate's own clock."""
    said = Sentence.said_in
    return [
        _plain("number", "Number", "工单号"),
        Column(Sentence("Kind", "类型"), lambda row: said(KINDS[row.kind], language)),
        Column(Sentence("State", "状态"), lambda row: said(STATES[row.state], language)),
        _plain("estate", "Estate", "小区"),
        _plain("unit", "Unit", "房号"),
        _plain("place", "Place", "位置"),
        Column(Sentence("About", "事项"), lambda row: row.title.zh if language.startswith("zh") else row.title.en),
        Column(Sentence("Urgency", "紧急程度"), lambda row: said(URGENCIES[row.urgency], language)),
        _plain("description", "Report", "内容"),
        _plain("reporter", "Reporter", "报告人"),
        _plain("assignee", "Assignee", "处理人"),
        _plain("resolution", "Resolution", "处理结果"),
        _plain("labour_minutes", "Labour, minutes", "工时（分钟）"),
        _plain("reopened", "Times reopened", "重新打开次数"),
        _plain("score", "Rating", "评分"),
        *(Column(heading, _local(name)) for name, heading in MOMENTS.items()),
    ]


def _plain(name: str, en: str, zh: str) -> Column:
    return Column(Sentence(en, zh), lambda row: getattr(row, name))


def _local(name: str):
    def moment(row):
        at = getattr(row, name)
        return at and at.astimezone(ZoneInfo(row.timezone)).replace(tzinfo=None)

    return moment

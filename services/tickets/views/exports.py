"""Lists to take away."""

from chassis import exports
from chassis.http import Blueprint, allow, asks, gives
from services.tickets.queries import export
from services.tickets.schemas.tickets import TicketFilter

blp = Blueprint("exports", description="Lists to take away, as CSV or XLSX 导出")


@blp.get("/tickets/export.csv")
@allow("tickets:see")
@asks(TicketFilter)
@gives(binary=exports.CSV)
def export_tickets_csv(work, query):
    """Take the list away as CSV, with the same filters and for the same reader; headings follow `Accept-Language`.

    However many rows, they are sent as they are read. A cell that a spreadsheet would carry out begins with an apostrophe.
    """
    return _table(work, query, exports.CSV)


@blp.get("/tickets/export.xlsx")
@allow("tickets:see")
@asks(TicketFilter)
@gives(binary=exports.XLSX)
def export_tickets_xlsx(work, query):
    """Take the list away as a spreadsheet, with the same filters and for the same reader; headings follow `Accept-Language`."""
    return _table(work, query, exports.XLSX)


def _table(work, query: dict, kind: str):
    return exports.answer(work, export.tickets(work, **query), export.columns(work.language), kind=kind, name="tickets")

"""Staff's lists."""

from chassis.http import Blueprint, allow, asks, gives, lists
from services.tickets.queries import boards
from services.tickets.schemas.boards import BoardView, DueFilter, DueLine, LaneFilter, UrgentLine

blp = Blueprint("boards", description="What staff work from, the most urgent first")


@blp.get("/my-work")
@allow("tickets:oversee")
@lists(UrgentLine)
def list_my_work(work, query):
    """List what I am to do: emergencies first, then what is due soonest."""
    return boards.my_work(work, **query)


@blp.get("/due-soon")
@allow("tickets:oversee")
@asks(DueFilter)
@lists(DueLine)
def list_due_soon(work, query):
    """List what runs out within the hour, or within as many minutes as one asks for, and is not late yet; the next first."""
    return boards.running_out(work, **query)


@blp.get("/estates/<uuid:estate_id>/board")
@allow("tickets:oversee")
@gives(BoardView)
def show_board(work, estate_id):
    """Show an estate's board: each state with its open tickets counted, those that are late, and the most urgent ten."""
    return boards.board(work, estate_id)


@blp.get("/estates/<uuid:estate_id>/board/tickets")
@allow("tickets:oversee")
@asks(LaneFilter)
@lists(UrgentLine)
def list_lane(work, estate_id, query):
    """List the open tickets of an estate in one state, the most urgent first."""
    return boards.lane(work, estate_id, **query)

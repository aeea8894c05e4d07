"""Staff, shifts and the duty roster."""

from chassis.http import Blueprint, allow, asks, gives, lists, takes
from services.directory import queries
from services.directory.handlers import staff as handlers
from services.directory.model import Duty, Shift, Staff
from services.directory.schemas.places import OfEstateFilter
from services.directory.schemas.staff import (
    DutyChange,
    DutyFilter,
    DutyView,
    LadderMoment,
    LadderView,
    NewDuty,
    NewShift,
    NewStaff,
    ShiftChange,
    ShiftView,
    StaffChange,
    StaffFilter,
    StaffView,
)

blp = Blueprint("staff", description="Staff with their roles, skills and certificates; shifts and who is on duty")


@blp.get("/staff")
@allow("directory:see_staff")
@asks(StaffFilter)
@lists(StaffView)
def list_staff(work, query):
    """Who works in one's estates, by role or skill."""
    return queries.staff(work, **query)


@blp.get("/staff/<uuid:person_id>")
@allow("directory:see_staff")
@gives(StaffView)
def show_staff(work, person_id):
    """A colleague's roles, skills and certificates."""
    return work.find(Staff, person_id)


@blp.post("/staff")
@allow("directory:manage_staff")
@takes(NewStaff)
@gives(StaffView, status=201)
def engage(work, body):
    """Engage a person. One gives only roles below one's own rank, and only where one's own reaches."""
    return handlers.engage(work, **body)


@blp.patch("/staff/<uuid:person_id>")
@allow("directory:manage_staff")
@takes(StaffChange)
@gives(StaffView)
def change_staff(work, person_id, body):
    """Change roles, skills or certificates; each list replaces the one before."""
    return handlers.change_staff(work, person_id, **body)


@blp.post("/staff/<uuid:person_id>/leaving")
@allow("directory:manage_staff")
@gives(StaffView)
def leave(work, person_id):
    """A member leaves: all roles end, and the roster goes on without them."""
    return handlers.leave(work, person_id)


@blp.get("/shifts")
@allow("directory:see_staff")
@asks(OfEstateFilter)
@lists(ShiftView)
def list_shifts(work, query):
    """The daily shifts and who takes them in turn."""
    return queries.shifts(work, **query)


@blp.get("/shifts/<uuid:shift_id>")
@allow("directory:see_staff")
@gives(ShiftView)
def show_shift(work, shift_id):
    """A shift."""
    return work.find(Shift, shift_id)


@blp.post("/shifts")
@allow("directory:manage_staff")
@takes(NewShift)
@gives(ShiftView, status=201)
def define_shift(work, body):
    """Define a daily shift; the roster is planned 14 days ahead from it."""
    return handlers.define_shift(work, **body)


@blp.patch("/shifts/<uuid:shift_id>")
@allow("directory:manage_staff")
@takes(ShiftChange)
@gives(ShiftView)
def change_shift(work, shift_id, body):
    """Change hours or turns from tomorrow on, or give the shift up."""
    return handlers.change_shift(work, shift_id, **body)


@blp.get("/duties")
@allow("directory:see_staff")
@asks(DutyFilter)
@lists(DutyView)
def list_duties(work, query):
    """The duty roster."""
    return queries.duties(work, **query)


@blp.get("/duties/<uuid:duty_id>")
@allow("directory:see_staff")
@gives(DutyView)
def show_duty(work, duty_id):
    """One person's duty."""
    return work.find(Duty, duty_id)


@blp.get("/estates/<uuid:estate_id>/ladder")
@allow("directory:see_staff")
@asks(LadderMoment)
@gives(LadderView)
def show_ladder(work, estate_id, query):
    """Who is on duty for an estate at a moment, from the nearest rung up: the order of escalation."""
    return {"items": queries.ladder(work, estate_id, **query)}


@blp.post("/duties")
@allow("directory:manage_staff")
@takes(NewDuty)
@gives(DutyView, status=201)
def schedule_duty(work, body):
    """Put a person on duty, apart from any shift."""
    return handlers.schedule_duty(work, **body)


@blp.patch("/duties/<uuid:duty_id>")
@allow("directory:manage_staff")
@takes(DutyChange)
@gives(DutyView)
def change_duty(work, duty_id, body):
    """Another person, or other hours (a swap)."""
    return handlers.change_duty(work, duty_id, **body)


@blp.post("/duties/<uuid:duty_id>/cancellation")
@allow("directory:manage_staff")
@gives(DutyView)
def cancel_duty(work, duty_id):
    """Take a duty off the roster."""
    return handlers.cancel_duty(work, duty_id)

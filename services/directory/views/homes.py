"""Units, and who holds them."""

from chassis.http import Blueprint, allow, asks, gives, lists, takes
from services.directory import queries
from services.directory.handlers import people, places
from services.directory.model import Occupancy, Unit
from services.directory.schemas.people import (
    NewOccupancy,
    OccupancyCorrection,
    OccupancyEnd,
    OccupancyFilter,
    OccupancyView,
)
from services.directory.schemas.places import NewUnit, NewUnits, UnitChange, UnitFilter, UnitsMade, UnitView

blp = Blueprint("homes", description="Homes, shops and parking places, and who holds them when")


@blp.get("/units")
@allow("directory:see")
@asks(UnitFilter)
@lists(UnitView)
def list_units(work, query):
    """Staff: the units of their estates. Residents: their own."""
    return queries.units(work, **query)


@blp.get("/units/<uuid:unit_id>")
@allow("directory:see")
@gives(UnitView)
def show_unit(work, unit_id):
    """A unit's area, usage and state."""
    return work.find(Unit, unit_id)


@blp.post("/units")
@allow("directory:manage_estates")
@takes(NewUnit)
@gives(UnitView, status=201)
def register_unit(work, body):
    """Enter one unit."""
    return places.register_unit(work, **body)


@blp.post("/buildings/<uuid:building_id>/units")
@allow("directory:manage_estates")
@takes(NewUnits)
@gives(UnitsMade, status=201)
def register_units(work, building_id, body):
    """Enter all units of a building in one call: all of them, or none."""
    return {"items": places.register_units(work, building_id, **body)}


@blp.patch("/units/<uuid:unit_id>")
@allow("directory:manage_estates")
@takes(UnitChange)
@gives(UnitView)
def change_unit(work, unit_id, body):
    """Correct a unit, or move it to another state (409 when it cannot go there)."""
    return places.change_unit(work, unit_id, **body)


@blp.get("/occupancies")
@allow("directory:see")
@asks(OccupancyFilter)
@lists(OccupancyView)
def list_occupancies(work, query):
    """Who holds which unit when: staff, of their estates; owners, of their homes; everybody, their own."""
    return queries.occupancies(work, **query)


@blp.get("/occupancies/<uuid:occupancy_id>")
@allow("directory:see")
@gives(OccupancyView)
def show_occupancy(work, occupancy_id):
    """One person's hold on one unit."""
    return work.find(Occupancy, occupancy_id)


@blp.post("/occupancies")
@allow("directory:manage_people")
@takes(NewOccupancy)
@gives(OccupancyView, status=201)
def start_occupancy(work, body):
    """A person becomes owner, co-owner, household member, occupier or developer of a unit from a day on."""
    return people.start_occupancy(work, **body)


@blp.patch("/occupancies/<uuid:occupancy_id>")
@allow("directory:manage_people")
@takes(OccupancyCorrection)
@gives(OccupancyView)
def correct_occupancy(work, occupancy_id, body):
    """Correct wrong dates."""
    return people.correct_occupancy(work, occupancy_id, **body)


@blp.post("/occupancies/<uuid:occupancy_id>/end")
@allow("directory:manage_people")
@takes(OccupancyEnd)
@gives(OccupancyView)
def end_occupancy(work, occupancy_id, body):
    """The last day is known: a sale, a move, the end of a lease."""
    return people.end_occupancy(work, occupancy_id, **body)


@blp.post("/occupancies/<uuid:occupancy_id>/voiding")
@allow("directory:manage_people")
@gives(OccupancyView)
def void_occupancy(work, occupancy_id):
    """It was entered by mistake and never was."""
    return people.void_occupancy(work, occupancy_id)

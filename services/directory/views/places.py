"""Operator, regions, estates, buildings."""

from chassis.http import Blueprint, allow, asks, gives, lists, takes
from services.directory import queries
from services.directory.handlers import places as handlers
from services.directory.model import Building, Estate, Operator, Region
from services.directory.schemas.places import (
    BuildingChange,
    BuildingView,
    EstateChange,
    EstateFilter,
    EstateView,
    NewBuilding,
    NewEstate,
    NewRegion,
    OfEstateFilter,
    OperatorChange,
    OperatorView,
    RegionChange,
    RegionView,
)

blp = Blueprint("places", description="Operator, regions, estates, buildings")


@blp.get("/operators")
@allow("directory:see")
@lists(OperatorView)
def list_operators(work, query):
    """One's own operator."""
    return queries.operators(work, **query)


@blp.get("/operators/<uuid:operator_id>")
@allow("directory:see")
@gives(OperatorView)
def show_operator(work, operator_id):
    """One's own operator's names."""
    return work.find(Operator, operator_id)


@blp.patch("/operators/<uuid:operator_id>")
@allow("directory:manage_estates")
@takes(OperatorChange)
@gives(OperatorView)
def change_operator(work, operator_id, body):
    """Change the operator's names."""
    return handlers.change_operator(work, operator_id, **body)


@blp.get("/regions")
@allow("directory:see")
@lists(RegionView)
def list_regions(work, query):
    """The regions of the estates one has to do with."""
    return queries.regions(work, **query)


@blp.get("/regions/<uuid:region_id>")
@allow("directory:see")
@gives(RegionView)
def show_region(work, region_id):
    """A region."""
    return work.find(Region, region_id)


@blp.post("/regions")
@allow("directory:manage_estates")
@takes(NewRegion)
@gives(RegionView, status=201)
def register_region(work, body):
    """Open a region; asks for an operator-wide role."""
    return handlers.register_region(work, **body)


@blp.patch("/regions/<uuid:region_id>")
@allow("directory:manage_estates")
@takes(RegionChange)
@gives(RegionView)
def change_region(work, region_id, body):
    """Rename a region; asks for an operator-wide role."""
    return handlers.change_region(work, region_id, **body)


@blp.get("/estates")
@allow("directory:see")
@asks(EstateFilter)
@lists(EstateView)
def list_estates(work, query):
    """The estates one has to do with."""
    return queries.estates(work, **query)


@blp.get("/estates/<uuid:estate_id>")
@allow("directory:see")
@gives(EstateView)
def show_estate(work, estate_id):
    """An estate's public facts."""
    return work.find(Estate, estate_id)


@blp.post("/estates")
@allow("directory:manage_estates")
@takes(NewEstate)
@gives(EstateView, status=201)
def register_estate(work, body):
    """Take over an estate; asks for an operator-wide role."""
    return handlers.register_estate(work, **body)


@blp.patch("/estates/<uuid:estate_id>")
@allow("directory:manage_estates")
@takes(EstateChange)
@gives(EstateView)
def change_estate(work, estate_id, body):
    """Change an estate's names, address or zone; its region asks for an operator-wide role."""
    return handlers.change_estate(work, estate_id, **body)


@blp.get("/buildings")
@allow("directory:see")
@asks(OfEstateFilter)
@lists(BuildingView)
def list_buildings(work, query):
    """Buildings with their entrances."""
    return queries.buildings(work, **query)


@blp.get("/buildings/<uuid:building_id>")
@allow("directory:see")
@gives(BuildingView)
def show_building(work, building_id):
    """A building with its entrances."""
    return work.find(Building, building_id)


@blp.post("/buildings")
@allow("directory:manage_estates")
@takes(NewBuilding)
@gives(BuildingView, status=201)
def register_building(work, body):
    """Enter a building with its entrances."""
    return handlers.register_building(work, **body)


@blp.patch("/buildings/<uuid:building_id>")
@allow("directory:manage_estates")
@takes(BuildingChange)
@gives(BuildingView)
def change_building(work, building_id, body):
    """Change a building. Entrances are added or renamed by their code; none is removed."""
    return handlers.change_building(work, building_id, **body)

"""What can be reported, and how an operator shapes it."""

from chassis.http import Blueprint, allow, gives, takes
from services.tickets.handlers import taxonomy as handlers
from services.tickets.model import OperatorTaxonomy, own_taxonomy
from services.tickets.schemas.taxonomy import (
    NewProblem,
    OwnCategory,
    OwnPlace,
    OwnTaxonomy,
    OwnTaxonomyView,
    TaxonomyView,
)

blp = Blueprint("taxonomy", description="What can be reported: place, category and problem 报事分类")


@blp.get("/taxonomy")
@allow("tickets:see")
@gives(TaxonomyView)
def show_taxonomy(work):
    """Show what can be reported: categories and problems, the skill each asks for, its limits in minutes, and places.

    It is the operator's own, laid over the standard one.
    """
    known = own_taxonomy.current(work)
    items = [{**vars(each), "problems": _offered(each.problems)} for each in _offered(known.categories)]
    return {"items": items, "places": _offered(known.places)}


@blp.get("/taxonomy/own")
@allow("tickets:shape")
@gives(OwnTaxonomyView)
def show_own_taxonomy(work):
    """Show what the operator changed and added; version 0 while that is nothing."""
    work.require("tickets:shape", None)
    operator_id = work.actor.operator_id
    return work.get(OperatorTaxonomy, operator_id) or OperatorTaxonomy(id=operator_id, categories=[], places=[])


@blp.put("/taxonomy/own")
@allow("tickets:shape")
@takes(OwnTaxonomy)
@gives(OwnTaxonomyView)
def shape_taxonomy(work, own):
    """Replace what the operator changed and added. It holds at once here, and within seconds everywhere.

    A code that the standard has is changed in what is said of it: names, skill, certificate, limits, switched off. Tickets keep
    the code and the title they were given.
    """
    return handlers.shape(work, **own)


@blp.post("/taxonomy/categories")
@allow("tickets:shape")
@takes(OwnCategory)
@gives(OwnTaxonomyView, status=201)
def add_category(work, category):
    """Add a category of the operator's own."""
    return handlers.add_category(work, **category)


@blp.post("/taxonomy/problems")
@allow("tickets:shape")
@takes(NewProblem)
@gives(OwnTaxonomyView, status=201)
def add_problem(work, problem):
    """Add a problem to a category, of the standard or of the operator's own."""
    return handlers.add_problem(work, **problem)


@blp.post("/taxonomy/places")
@allow("tickets:shape")
@takes(OwnPlace)
@gives(OwnTaxonomyView, status=201)
def add_place(work, place):
    """Add a place."""
    return handlers.add_place(work, **place)


def _offered(things) -> list:
    return [each for each in things if not each.off]

"""One thing of every kind in HY-E-01, by the names that routes have for them."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from chassis.ids import new_id
from services.directory.model import Building, Client, Duty, Occupancy
from services.notify.model import Message
from services.tickets.events import Why
from services.tickets.model import Callback, Ticket
from tests.world import World

HERE, HOME = "HY-E-01", "HY-E-01 1-1-0101"


def ids_of_every_kind(world: World) -> dict[str, str]:
    """An id of HY-E-01 for every name that stands for an id in a path, query or body."""
    ticket = _a_ticket(world)
    directory, notify = world.platform["directory"], world.platform["notify"]
    estate_id, operator_id = world.estates[HERE], world.operators["HY"]
    with directory.work() as work:
        found = {
            "building_id": work.scalar(select(Building.id).where(Building.estate_id == estate_id)),
            "occupancy_id": work.scalar(select(Occupancy.id).where(Occupancy.estate_id == estate_id)),
            "duty_id": work.scalar(select(Duty.id).where(Duty.estate_id == estate_id)),
            "client_id": _a_client(work, operator_id),
        }
    with notify.work() as work:
        found["message_id"] = work.scalar(select(Message.id).where(Message.operator_id == operator_id))
    found |= {
        "operator_id": operator_id,
        "region_id": world.regions["HY"],
        "estate_id": estate_id,
        "unit_id": world.units[HOME],
        "person_id": world.people[f"{HERE} owner"].id,
        "staff_id": world.people[f"{HERE} technician"].id,
        "technician_id": world.people[f"{HERE} technician"].id,
        "reporter_id": world.people[f"{HERE} owner"].id,
        "assignee": world.people[f"{HERE} technician"].id,
        "shift_id": _a_shift(world),
        "ticket_id": ticket,
        "incident_id": _an_incident(world),
        "callback_id": _a_callback(world, ticket),
        "follows_id": ticket,
        "responsible_id": world.people[f"{HERE} technician"].id,
        "contractor_id": _a_contractor(world),
        "attachment_id": new_id(),
    }
    assert all(found.values()), found
    return {kind: str(id) for kind, id in found.items()}


def _a_ticket(world: World) -> str:
    where = {"estate_id": str(world.estates[HERE]), "unit_id": str(world.units[HOME])}
    body = {"kind": "repair", "description": "漏水", **where}
    made = world.client("tickets", f"{HERE} owner").post("/tickets", body)
    assert made.status_code == 201, made.text
    world.platform.settle()
    return made.json["id"]


def _an_incident(world: World) -> str:
    body = {"estate_id": str(world.estates[HERE]), "whole_estate": True, "category": "ELV", "text_zh": "电梯停运"}
    made = world.client("tickets", f"{HERE} dispatcher").post("/incidents", body)
    assert made.status_code == 201, made.text
    world.platform.settle()
    return made.json["id"]


def _a_contractor(world: World) -> str:
    firm = {"name": "永安电梯维保", "estate_ids": [str(world.estates[HERE])]}
    made = world.client("tickets", f"{HERE} estate_manager").post("/contractors", firm)
    assert made.status_code == 201, made.text
    return made.json["id"]


def _a_callback(world: World, ticket_id: str) -> str:
    with world.platform["tickets"].work() as work:
        ticket = work.scalar(select(Ticket).where(Ticket.id == UUID(ticket_id)))
        made = Callback.opened(ticket, Why.SAMPLE, told=[], within=timedelta(days=1), at=work.now)
        return str(work.add(made).id)


def _a_shift(world: World) -> str:
    shift = {
        "estate_id": str(world.estates[HERE]),
        "role": "dispatcher",
        "name_zh": "白班",
        "name_en": "Day",
        "rotation": [str(world.people[f"{HERE} dispatcher"].id)],
        "begins": "08:00",
        "ends": "20:00",
        "starts_on": "2026-11-24",
    }
    made = world.client("directory", f"{HERE} estate_manager").post("/shifts", shift)
    assert made.status_code == 201, made.text
    return made.json["id"]


def _a_client(work, operator_id):
    return work.add(Client.register(operator_id=operator_id, name="Smart locks", scopes=[], estate_ids=[])).id

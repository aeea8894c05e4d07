"""Tickets: repairs, complaints, suggestions and inquiries, from the report to the rating."""

from chassis.service import Service
from services.tickets import events, jobs, model, reactions
from services.tickets.queries.people import PERMISSION as PEOPLE
from services.tickets.queries.reach import estates_of
from services.tickets.settings import Settings
from services.tickets.views import blueprints

RESIDENT = {
    f"tickets:{act}" for act in ("see", "file", "answer", "comment", "rate", "confirm", "reopen", "cancel", "urge")
}
STAFF = {f"tickets:{act}" for act in ("see", "oversee", "file", "comment", "reply")}
TECHNICIAN = STAFF | {"tickets:quote", "tickets:work", "tickets:appoint", "tickets:hold", "tickets:transfer"}
DESK = STAFF | {
    f"tickets:{act}" for act in ("file_for", "review", "assign", "answer", "cancel", "confide", "call_back", "announce")
}
DISPATCHER = DESK | {"tickets:quote", "tickets:dispatch", "tickets:appoint", "tickets:hold", "tickets:transfer"}
MANAGER = DISPATCHER | {"tickets:set_policy", "tickets:contract", "tickets:disclose", "tickets:analyse"}
GRANTS = {
    **dict.fromkeys(("developer", "owner", "co_owner"), RESIDENT | {"tickets:agree"}),
    **dict.fromkeys(("household_member", "occupier"), RESIDENT),
    **dict.fromkeys(("cashier", "inspector"), STAFF),
    "admin": STAFF | {"tickets:shape"},
    "technician": TECHNICIAN,
    "service_desk": DESK,
    "dispatcher": DISPATCHER,
    **dict.fromkeys(("estate_manager", "region_manager"), MANAGER),
    "head_office": MANAGER | {"tickets:set_callbacks", "tickets:shape", PEOPLE},
}

service = Service(
    "tickets",
    title="Tickets 报事报修",
    events=events,
    model=model,
    blueprints=blueprints,
    reactions=reactions,
    jobs=jobs,
    grants=GRANTS,
    estates_of=estates_of,
    settings=Settings,
    attachments=True,
)

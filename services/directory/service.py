"""The directory: who lives, works and signs in where. Its parts, named, and what each role may do here."""

from chassis.service import Service
from services.directory import events, jobs, model, queries, reactions, views

RESIDENT = {"directory:see"}
COLLEAGUE = {"directory:see", "directory:see_homes", "directory:see_staff"}
DESK = COLLEAGUE | {"directory:see_phones", "directory:manage_people"}
MANAGER = DESK | {"directory:manage_estates", "directory:manage_staff"}

GRANTS = {
    **dict.fromkeys(("owner", "co_owner", "household_member", "occupier", "developer"), RESIDENT),
    **dict.fromkeys(("technician", "inspector"), COLLEAGUE),
    **dict.fromkeys(("cashier", "dispatcher"), COLLEAGUE | {"directory:see_phones"}),
    "service_desk": DESK,
    **dict.fromkeys(("estate_manager", "region_manager"), MANAGER),
    **dict.fromkeys(("head_office", "admin"), MANAGER | {"directory:manage_clients", "directory:erase"}),
}

service = Service(
    "directory",
    title="Directory 基础资料与登录",
    events=events,
    model=model,
    blueprints=views.blueprints,
    reactions=reactions,
    jobs=jobs,
    grants=GRANTS,
    estates_of=queries.estates_of,
)

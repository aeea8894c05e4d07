"""notify: tells people what happened, in their language, by the channels they chose."""

from chassis.service import Service
from services.notify import events, jobs, model, queries, reactions, views
from services.notify.settings import Settings

SEES_DELIVERIES = {"notify:see_deliveries"}
GRANTS = {
    "dispatcher": SEES_DELIVERIES,
    "service_desk": SEES_DELIVERIES,
    "estate_manager": SEES_DELIVERIES,
    "region_manager": SEES_DELIVERIES,
    "head_office": SEES_DELIVERIES,
    "admin": SEES_DELIVERIES,
}

service = Service(
    "notify",
    title="Notify 通知",
    events=events,
    model=model,
    blueprints=[views.blp],
    reactions=reactions,
    jobs=jobs,
    grants=GRANTS,
    estates_of=queries.estates_of,
    settings=Settings,
    trail=queries.trail,
)

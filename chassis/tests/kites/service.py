"""The service of kites."""

from chassis.service import Service
from chassis.tests.kites import events, jobs, model, reactions, views

GRANTS = {"pilot": {"kites:see", "kites:fly"}, "guest": {"kites:see"}}

service = Service(
    "kites",
    title="Kites 风筝",
    events=events,
    model=model,
    reactions=reactions,
    jobs=jobs,
    blueprints=[views.blp],
    grants=GRANTS,
    attachments=True,
)

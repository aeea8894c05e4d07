"""A contractor's own door: no sign-in, but a link for one job. Slowed down at the edge by address and by link."""

from flask import request

from chassis.attachments import AttachmentFile, AttachmentView
from chassis.http import PUBLIC, Blueprint, allow, gives, refuses, takes
from services.tickets.handlers import guests as handlers
from services.tickets.schemas.contractors import JobView
from services.tickets.schemas.shared import Reason
from services.tickets.schemas.work import Completion

blp = Blueprint(
    "guests",
    description="A contractor's one job, opened by its link: `Authorization: Bearer <what stands behind the #>`",
)


def header() -> str | None:
    return request.headers.get("Authorization")


@blp.get("/job")
@allow(PUBLIC)
@gives(JobView)
@refuses(401)
def show_job(work):
    """Show the job: what is to be done, where, and by when. Whom to call, once the job is accepted."""
    return handlers.shown(work, handlers.job(work, header()))


@blp.post("/job/acceptance")
@allow(PUBLIC)
@gives(JobView)
@refuses(401)
def take_on_job(work):
    """Say that one will come."""
    return handlers.take_on(work, header())


@blp.post("/job/refusal")
@allow(PUBLIC)
@takes(Reason)
@gives(None)
@refuses(401)
def refuse_job(work, reason):
    """Say that one will not, with the reason. The link is over."""
    handlers.refuse(work, header(), **reason)


@blp.post("/job/start")
@allow(PUBLIC)
@gives(JobView)
@refuses(401)
def start_job(work):
    """Begin the work, after accepting it."""
    return handlers.start(work, header())


@blp.post("/job/completion")
@allow(PUBLIC)
@takes(Completion)
@gives(None)
@refuses(401)
def complete_job(work, completion):
    """Report the work as done, with parts, labour and photos. The link is over."""
    handlers.complete(work, header(), **completion)


@blp.post("/job/attachments")
@allow(PUBLIC)
@takes(AttachmentFile, files=True)
@gives(AttachmentView, status=201)
@refuses(401)
def upload_job_attachment(work, upload):
    """Upload a photo, to be named in the completion."""
    return handlers.upload(work, header(), upload["file"].read())

"""One person's data."""

from chassis.http import SIGNED_IN, Blueprint, allow, gives
from services.tickets.queries import people
from services.tickets.schemas.people import RecordView

blp = Blueprint("people", description="What is held about one person 个人信息查询与复制")


@blp.get("/people/<uuid:person_id>/record")
@allow(SIGNED_IN)
@gives(RecordView)
def show_record(work, person_id):
    """Take away everything that this service holds about a person: oneself, or as head office anybody at their request.

    Confidential complaints are told to nobody but the person.
    """
    return people.record(work, person_id)

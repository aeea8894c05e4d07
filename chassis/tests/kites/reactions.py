"""What kites hear."""

from uuid import UUID

from chassis.events import copies, event, on
from chassis.tests.kites.model import Note, Wind


@event("weather.wind.measured", "weather.wind.restated", version=1)
class WindMeasured:
    wind_id: UUID
    force: int


@event("weather.storm.announced", version=1)
class StormAnnounced:
    text: str


@copies(WindMeasured)
def copy_wind(work, heard):
    work.copy(Wind, heard.wind_id, force=heard.force)


@on(StormAnnounced)
def note_storm(work, heard):
    if heard.text == "unheard of":
        raise ValueError("nobody knows what to do about this storm")
    work.add(Note(estate_id=work.cause.estate_id, text=heard.text))

"""What kites say."""

from uuid import UUID

from chassis.events import event


@event("kites.kite.built", version=1)
class KiteBuilt:
    """A kite is ready to fly."""

    kite_id: UUID
    estate_id: UUID
    colour: str


@event("kites.kite.flown", version=1)
class KiteFlown:
    """A kite went up."""

    kite_id: UUID
    estate_id: UUID
    flights: int


@event("kites.kite.painted", version=1)
class KitePainted:
    """A kite has a new colour."""

    kite_id: UUID
    estate_id: UUID
    colour: str


@event("kites.kite.restated", version=1)
class KiteRestated:
    """A kite as it is now."""

    kite_id: UUID
    estate_id: UUID
    colour: str
    flights: int

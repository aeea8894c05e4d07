"""People and occupancies. A list shows masked numbers; the whole one is for those who may see it, on the person's page."""

from marshmallow import fields

from chassis.http import Schema, Text
from chassis.private import mask_email, mask_phone
from services.directory.events import PersonKind, Relation
from services.directory.schemas.shared import EmailAddress, Phone, a_day, a_language, a_name


class OneselfChange(Schema):
    language = a_language()
    phone = Phone(allow_none=True)
    other_phone = Phone(allow_none=True)
    email = EmailAddress(allow_none=True)


class PersonChange(OneselfChange):
    name = a_name()


class NewPerson(OneselfChange):
    estate_id = fields.UUID(
        metadata={"description": "The estate that enters the person; none for an operator-wide role"}
    )
    name = a_name(required=True)
    kind = fields.Enum(PersonKind, by_value=True, load_default=PersonKind.NATURAL)
    language = a_language(load_default="zh-CN")


class PersonFilter(Schema):
    estate_id = fields.UUID()
    q = Text(max=100, metadata={"description": "Part of the name"})
    phone = Phone(metadata={"description": "A whole number"})
    email = EmailAddress(metadata={"description": "A whole address"})


class PersonLine(Schema):
    id = fields.UUID()
    version = fields.Integer()
    kind = fields.Enum(PersonKind, by_value=True)
    name = fields.String()
    language = fields.String()
    phone = fields.Function(
        lambda person: person.phone and mask_phone(person.phone), metadata={"type": ["string", "null"]}
    )
    email = fields.Function(
        lambda person: person.email and mask_email(person.email), metadata={"type": ["string", "null"]}
    )


class PersonView(Schema):
    id = fields.UUID()
    version = fields.Integer()
    kind = fields.Enum(PersonKind, by_value=True)
    name = fields.String()
    language = fields.String()
    phone = fields.String(allow_none=True)
    other_phone = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    masked = fields.Boolean(metadata={"description": "Whether phones and e-mail are shown in part only"})


class NewOccupancy(Schema):
    unit_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    relation = fields.Enum(Relation, by_value=True, required=True)
    starts_on = a_day(required=True)
    ends_on = a_day(load_default=None, allow_none=True, metadata={"description": "The last day"})


class OccupancyCorrection(Schema):
    starts_on = a_day()
    ends_on = a_day(allow_none=True)


class OccupancyEnd(Schema):
    ends_on = a_day(required=True, metadata={"description": "The last day; it may lie ahead"})


class OccupancyFilter(Schema):
    unit_id = fields.UUID()
    person_id = fields.UUID()
    current = fields.Boolean(metadata={"description": "Only those that hold today"})


class OccupancyView(Schema):
    id = fields.UUID()
    version = fields.Integer()
    estate_id = fields.UUID()
    unit_id = fields.UUID()
    unit_code = fields.String(attribute="unit.code")
    person_id = fields.UUID()
    person_name = fields.String(attribute="person.name")
    relation = fields.Enum(Relation, by_value=True)
    starts_on = fields.Date()
    ends_on = fields.Date(allow_none=True)
    void = fields.Boolean()

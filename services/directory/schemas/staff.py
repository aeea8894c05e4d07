"""Staff, shifts, duties."""

from marshmallow import fields, validates_schema
from marshmallow.validate import Length, Regexp

from chassis.http import AwareDateTime, Schema, Text, wrong
from services.directory.schemas.shared import SCOPE, Somewhere, a_day, a_level, a_name, a_role, a_time


class Role(Schema):
    role = a_role(required=True)
    scope = Text(
        max=50,
        required=True,
        validate=Regexp(SCOPE),
        metadata={"pattern": SCOPE, "description": "`operator`, `region:<id>` or `estate:<id>`"},
    )

    @validates_schema
    def wide_enough(self, data, **_):
        if data.get("role") in ("head_office", "admin") and data.get("scope") != "operator":
            raise wrong(
                "This role spans the operator: give the scope `operator`.", "该角色适用于整个公司，范围请填 operator。"
            )


class Certificate(Schema):
    kind = a_name(required=True)
    skill = Text(max=40, load_default=None, allow_none=True, metadata={"description": "The skill it licenses"})
    number = Text(max=60, load_default=None, allow_none=True)
    expires_on = a_day(load_default=None, allow_none=True, metadata={"description": "Absent: it does not expire"})


class StaffChange(Schema):
    roles = fields.List(fields.Nested(Role), validate=Length(min=1, max=40))
    skills = fields.List(Text(min=1, max=40), validate=Length(max=40))
    certificates = fields.List(fields.Nested(Certificate), validate=Length(max=40))


class NewStaff(StaffChange):
    person_id = fields.UUID(required=True)
    roles = fields.List(fields.Nested(Role), required=True, validate=Length(min=1, max=40))


class StaffFilter(Schema):
    estate_id = fields.UUID()
    role = a_role()
    skill = Text(max=40)
    active = fields.Boolean(load_default=True)


class RoleView(Schema):
    role = fields.String()
    scope = fields.String()


class CertificateView(Schema):
    kind = fields.String()
    skill = fields.String(allow_none=True)
    number = fields.String(allow_none=True)
    expires_on = fields.String(allow_none=True, metadata={"format": "date"})


class StaffView(Schema):
    id = fields.UUID()
    version = fields.Integer()
    person_id = fields.UUID()
    person_name = fields.String(attribute="person.name")
    roles = fields.List(fields.Nested(RoleView))
    skills = fields.List(fields.String())
    certificates = fields.List(fields.Nested(CertificateView))
    active = fields.Boolean()
    engaged_at = AwareDateTime()
    left_at = AwareDateTime(allow_none=True)


class ShiftChange(Schema):
    name_zh = a_name()
    name_en = a_name()
    begins = a_time()
    ends = a_time()
    rotation = fields.List(fields.UUID(), validate=Length(min=1, max=60))
    active = fields.Boolean(metadata={"description": "false gives the shift up"})


class NewShift(Somewhere):
    role = a_role(required=True)
    level = a_level(metadata={"description": "Rung of the ladder; follows from the role unless given"})
    name_zh = a_name(required=True)
    name_en = a_name(required=True)
    begins = a_time(required=True)
    ends = a_time(required=True)
    rotation = fields.List(fields.UUID(), required=True, validate=Length(min=1, max=60))
    starts_on = a_day(required=True)


class ShiftView(Schema):
    id = fields.UUID()
    version = fields.Integer()
    estate_id = fields.UUID(allow_none=True)
    region_id = fields.UUID(allow_none=True)
    role = fields.String()
    level = fields.Integer()
    name_zh = fields.String()
    name_en = fields.String()
    begins = fields.String()
    ends = fields.String()
    rotation = fields.List(fields.String(metadata={"format": "uuid"}))
    starts_on = fields.Date()
    planned_until = fields.Date()
    active = fields.Boolean()


class NewDuty(Somewhere):
    role = a_role(required=True)
    level = a_level()
    person_id = fields.UUID(required=True)
    starts_at = AwareDateTime(required=True)
    ends_at = AwareDateTime(required=True)


class DutyChange(Schema):
    person_id = fields.UUID()
    starts_at = AwareDateTime()
    ends_at = AwareDateTime()


class DutyFilter(Schema):
    estate_id = fields.UUID()
    person_id = fields.UUID()
    role = a_role()
    since = AwareDateTime(metadata={"description": "Duties that end later; now, where none is given"})
    until = AwareDateTime(metadata={"description": "Duties that begin earlier"})


class DutyView(Schema):
    id = fields.UUID()
    version = fields.Integer()
    estate_id = fields.UUID(allow_none=True)
    region_id = fields.UUID(allow_none=True)
    role = fields.String()
    level = fields.Integer()
    person_id = fields.UUID()
    person_name = fields.String(attribute="person.name")
    starts_at = AwareDateTime()
    ends_at = AwareDateTime()
    cancelled = fields.Boolean()


class LadderMoment(Schema):
    at = AwareDateTime(metadata={"description": "Now, where none is given"})


class LadderView(Schema):
    items = fields.List(fields.Nested(DutyView))

"""Sign-in, accounts, partner clients, oneself."""

from marshmallow import fields, validates_schema
from marshmallow.validate import Length, OneOf

from chassis.http import AwareDateTime, Schema, Text, wrong
from services.directory.events import AccountState, Usage
from services.directory.model.accounts import PartnerScope
from services.directory.schemas.people import PersonView
from services.directory.schemas.shared import OneLine, a_name
from services.directory.schemas.staff import RoleView

NEEDS = {
    "password": ("username", "password"),
    "refresh_token": ("refresh_token",),
    "client_credentials": ("client_id", "client_secret"),
}


class TokenRequest(Schema):
    """OAuth 2.0 (RFC 6749): `password` with username and password; `refresh_token`; `client_credentials`."""

    grant_type = Text(max=40, required=True, validate=OneOf(list(NEEDS)), metadata={"enum": list(NEEDS)})
    username = Text(max=254)
    password = Text(max=128)
    refresh_token = Text(max=200)
    client_id = Text(max=100)
    client_secret = Text(max=200)
    scope = Text(max=200, metadata={"description": "Taken and not used: what is granted follows from the account"})

    @validates_schema
    def complete(self, data, **_):
        absent = [name for name in NEEDS.get(data.get("grant_type"), ()) if not data.get(name)]
        if absent:
            raise wrong(f"For this grant type give {', '.join(absent)}.", f"此授权类型需要填写 {'、'.join(absent)}。")


class Tokens(Schema):
    access_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer(metadata={"description": "Seconds"})
    refresh_token = fields.String(metadata={"description": "Good for one use; absent for a partner client"})


class Revocation(Schema):
    """RFC 7009."""

    token = Text(max=20_000, required=True)
    token_type_hint = Text(max=40)


class KeySet(Schema):
    keys = fields.List(fields.Dict())


class FirstPassword(Schema):
    token = Text(max=200, required=True, metadata={"description": "From the invitation or the reset message"})
    password = Text(max=128, required=True)


class ForgottenPassword(Schema):
    username = Text(max=254, required=True)


class PasswordChange(Schema):
    current = Text(max=128, required=True)
    password = Text(max=128, required=True)


class Invitation(Schema):
    login = OneLine(min=3, max=254, metadata={"description": "The phone number or e-mail address, unless given"})


class AccountView(Schema):
    id = fields.UUID()
    version = fields.Integer()
    person_id = fields.UUID()
    state = fields.Enum(AccountState, by_value=True)
    password_set_at = AwareDateTime(allow_none=True)


class HomeView(Schema):
    """A unit one holds, and as what."""

    unit_id = fields.UUID(attribute="unit.id")
    estate_id = fields.UUID(attribute="estate.id")
    relation = fields.String()
    code = fields.String(attribute="unit.code")
    spoken_zh = fields.String(attribute="unit.spoken_zh")
    spoken_en = fields.String(attribute="unit.spoken_en")
    usage = fields.Enum(Usage, by_value=True, attribute="unit.usage")
    estate_name_zh = fields.String(attribute="estate.name_zh")
    estate_name_en = fields.String(attribute="estate.name_en")


class Me(Schema):
    """Who one is, what one may be, where one lives."""

    person = fields.Nested(PersonView, allow_none=True)
    roles = fields.List(fields.Nested(RoleView))
    units = fields.List(fields.Nested(HomeView))
    operator_id = fields.UUID()


class ClientChange(Schema):
    name = a_name()
    scopes = fields.List(fields.Enum(PartnerScope, by_value=True), validate=Length(min=1, max=10))
    estate_ids = fields.List(fields.UUID(), validate=Length(max=50), metadata={"description": "Empty: all estates"})
    expires_at = AwareDateTime(allow_none=True)


class NewClient(ClientChange):
    name = a_name(required=True)
    scopes = fields.List(fields.Enum(PartnerScope, by_value=True), required=True, validate=Length(min=1, max=10))


class ClientView(Schema):
    id = fields.UUID()
    version = fields.Integer()
    name = fields.String()
    scopes = fields.List(fields.String())
    estate_ids = fields.List(fields.String(metadata={"format": "uuid"}))
    expires_at = AwareDateTime(allow_none=True)
    active = fields.Boolean()


class NewSecret(Schema):
    """The secret is shown this once."""

    id = fields.UUID()
    client_id = fields.UUID()
    client_secret = fields.String()

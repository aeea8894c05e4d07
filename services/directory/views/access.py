"""Sign-in and sign-out, passwords, oneself, partner clients."""

from flask import request

from chassis.errors import NotFound
from chassis.http import PUBLIC, SIGNED_IN, Blueprint, allow, gives, lists, refuses, takes
from chassis.private import blind_index
from services.directory import queries
from services.directory.handlers import accounts, claims, clients, keys, people, sign_in
from services.directory.model import Client, Person
from services.directory.schemas.accounts import (
    ClientChange,
    ClientView,
    FirstPassword,
    ForgottenPassword,
    KeySet,
    Me,
    NewClient,
    NewSecret,
    PasswordChange,
    Revocation,
    TokenRequest,
    Tokens,
)
from services.directory.schemas.people import OneselfChange, PersonView

blp = Blueprint("sign-in", description="Sign-in and sign-out, passwords, oneself, partner clients")


def address() -> str:
    """Who is calling, as the edge saw it; hashed, for it is only ever compared."""
    return blind_index(request.headers.get("X-Forwarded-For") or request.remote_addr or "")


@blp.post("/token")
@allow(PUBLIC)
@takes(TokenRequest, form=True)
@gives(Tokens)
@refuses(401, 429)
def issue_tokens(work, form):
    """Sign in, or renew a sign-in (OAuth 2.0 token endpoint, as a form).

    An access token lives ten minutes. A refresh token is good for one use: the answer holds its successor, and using one
    a second time ends the whole session. Failed attempts make the next one wait (429 with Retry-After).
    """
    if form["grant_type"] == "password":
        return sign_in.by_password(work, form["username"], form["password"], address())
    if form["grant_type"] == "refresh_token":
        return sign_in.by_refresh_token(work, form["refresh_token"])
    return sign_in.by_client_secret(work, form["client_id"], form["client_secret"], address())


@blp.post("/revocation")
@allow(PUBLIC)
@takes(Revocation, form=True)
@gives(None, status=200)
def revoke_token(work, form):
    """Sign out (RFC 7009): ends the session of this refresh token. An unknown token is answered the same."""
    sign_in.sign_out(work, form["token"])


@blp.get("/jwks.json")
@allow(PUBLIC)
@gives(KeySet)
def show_keys(work):
    """The public keys by which access tokens are verified (RFC 7517)."""
    return keys.published_keys(work)


@blp.post("/passwords")
@allow(PUBLIC)
@takes(FirstPassword)
@gives(None)
def set_password(work, body):
    """Set a password with the one-time token of an invitation or of a reset message."""
    accounts.set_password(work, **body)


@blp.post("/password-resets")
@allow(PUBLIC)
@takes(ForgottenPassword)
@gives(None, status=202)
def request_reset(work, body):
    """Ask for a message with a link to set a new password. The answer is the same whether the name is known or not."""
    accounts.request_reset(work, body["username"], address())


# ── oneself ──────────────────────────────────────────────────────────────────────────────────────────────────────


@blp.get("/me")
@allow(SIGNED_IN)
@gives(Me)
def show_me(work):
    """Who one is, one's roles as they are now, and the units one holds today."""
    person = work.get(Person, work.actor.id)
    roles = (
        claims.roles_of_person(work, person.id)
        if person
        else [{"role": role.name, "scope": role.scope} for role in work.actor.roles]
    )
    return {
        "person": person and whole(person),
        "roles": roles,
        "units": queries.homes(work, work.actor.id),
        "operator_id": work.actor.operator_id,
    }


def whole(person: Person) -> Person:
    person.masked = False
    return person


@blp.get("/me/person")
@allow(SIGNED_IN)
@gives(PersonView)
def show_oneself(work):
    """One's own name, language, phones and e-mail, with the ETag for a change."""
    return whole(_oneself(work))


def _oneself(work) -> Person:
    person = work.get(Person, work.actor.id)
    if person is None:
        raise NotFound()
    return person


@blp.patch("/me/person")
@allow(SIGNED_IN)
@takes(OneselfChange)
@gives(PersonView)
def change_oneself(work, body):
    """Change one's own language, phones or e-mail."""
    return whole(people.change_oneself(work, **body))


@blp.post("/me/password")
@allow(SIGNED_IN)
@takes(PasswordChange)
@gives(None)
def change_password(work, body):
    """Change one's password; all sessions end, this one too."""
    accounts.change_password(work, **body)


@blp.post("/me/sign-out")
@allow(SIGNED_IN)
@gives(None)
def sign_out_everywhere(work):
    """End all of one's sessions, on every device, within seconds."""
    accounts.sign_out_everywhere(work)


# ── partner clients ──────────────────────────────────────────────────────────────────────────────────────────────


@blp.get("/clients")
@allow("directory:manage_clients")
@lists(ClientView)
def list_clients(work, query):
    """The operator's partner systems."""
    return queries.clients(work, **query)


@blp.get("/clients/<uuid:client_id>")
@allow("directory:manage_clients")
@gives(ClientView)
def show_client(work, client_id):
    """A partner system's grants."""
    return work.find(Client, client_id)


@blp.post("/clients")
@allow("directory:manage_clients")
@takes(NewClient)
@gives(NewSecret, status=201)
def register_client(work, body):
    """Give a partner system access. The secret is shown this once."""
    return clients.register_client(work, **body)


@blp.patch("/clients/<uuid:client_id>")
@allow("directory:manage_clients")
@takes(ClientChange)
@gives(ClientView)
def change_client(work, client_id, body):
    """Change a partner's name, grants or expiry; its tokens of before are void."""
    return clients.change_client(work, client_id, **body)


@blp.post("/clients/<uuid:client_id>/secrets")
@allow("directory:manage_clients")
@gives(NewSecret, status=201)
def add_client_secret(work, client_id):
    """A new secret, shown this once; the one before goes on for 24 hours."""
    return clients.add_secret(work, client_id)


@blp.post("/clients/<uuid:client_id>/disabling")
@allow("directory:manage_clients")
@gives(ClientView)
def disable_client(work, client_id):
    """End a partner's access for good."""
    return clients.disable_client(work, client_id)

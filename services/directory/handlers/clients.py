"""Partner systems: what they are granted, and their secrets, shown once."""

from uuid import UUID

from sqlalchemy import select

from services.directory.model import Client, ClientSecret, Estate
from services.directory.model.accounts import SECRET_OVERLAP, SECRETS_AT_ONCE, digest, new_secret

MANAGE = "directory:manage_clients"


def register_client(work, *, estate_ids: list[UUID] = (), **facts) -> dict:
    work.require(MANAGE, None)
    _require_estates(work, estate_ids)
    client = work.add(Client.register(operator_id=work.actor.operator_id, estate_ids=estate_ids, **facts))
    return _new_secret(work, client)


def change_client(work, client_id: UUID, **facts) -> Client:
    client = _taken(work, client_id)
    _require_estates(work, facts.get("estate_ids", ()))
    client.change(**facts)
    return client


def _taken(work, client_id: UUID) -> Client:
    client = work.take(Client, client_id)
    work.require(MANAGE, None)
    return client


def _require_estates(work, estate_ids) -> None:
    for estate_id in estate_ids:
        work.find(Estate, estate_id)


def add_secret(work, client_id: UUID) -> dict:
    """A second secret for the change-over: the one before goes on for a day, older ones end at once."""
    client = _taken(work, client_id)
    former = select(ClientSecret).where(ClientSecret.client_id == client.id).order_by(ClientSecret.id.desc())
    for age, secret in enumerate(work.scalars(former), start=1):
        end = work.now + SECRET_OVERLAP if age < SECRETS_AT_ONCE else work.now
        secret.expires_at = min(secret.expires_at or end, end)
    return _new_secret(work, client)


def _new_secret(work, client: Client) -> dict:
    """The one time it is told."""
    secret = new_secret()
    work.add(
        ClientSecret(operator_id=client.operator_id, client_id=client.id, secret_hash=digest(secret), made_at=work.now)
    )
    return {"id": client.id, "client_id": client.id, "client_secret": secret}


def disable_client(work, client_id: UUID) -> Client:
    client = _taken(work, client_id)
    client.disable()
    return client

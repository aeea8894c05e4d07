"""Sign-in and sign-out. Whatever is wrong with a credential, the answer and the time it takes are the same.

A refresh token is good for one use. There is no grace: a second use, even a moment after the first, means that two hold
it, and ends the session. A client that refreshes from several places at once must do so one at a time.
"""

from uuid import UUID

from sqlalchemy import func, select

from chassis.errors import Unauthorized
from services.directory.events import AccountState
from services.directory.handlers.claims import access_token, roles_of_client, roles_of_person
from services.directory.handlers.throttle import ACCOUNT, ADDRESS, apart, charge, forgive, give_back
from services.directory.model import Account, Client, ClientSecret, RefreshToken, SignIn, passwords
from services.directory.model.accounts import (
    ACCESS_LIFE,
    REFRESH_LIFE,
    SESSION_LIFE,
    digest,
    login_index,
    new_secret,
)

NOBODYS = UUID(int=0)


class Refused(Unauthorized):
    en = "Sign-in name or password is not right, or the sign-in is over; sign in again."
    zh = "登录名或密码不正确，或登录已失效，请重新登录。"


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────


def by_password(work, login: str, password: str, address: str) -> dict:
    index = login_index(login)
    charge(work, f"login:{index}", ACCOUNT)
    charge(work, f"address:{address}", ADDRESS)
    account = work.get(Account, _found(work, func.find_account(index)))
    usable = account is not None and account.state is AccountState.ACTIVE
    if not passwords.matches(account.password_hash if usable else None, password):
        raise Refused()
    forgive(work, f"login:{index}")
    give_back(work, f"address:{address}")
    session = SignIn(
        operator_id=account.operator_id,
        account_id=account.id,
        started_at=work.now,
        expires_at=work.now + SESSION_LIFE,
    )
    return _tokens(work, account, work.add(session))


def _found(work, finder) -> UUID:
    """Step into the operator to whom the credential belongs. → the id of what was found there.

    For an unknown credential both are nobody's, and the same steps find nothing: it takes as long.
    """
    found = work.execute(select(finder.table_valued("operator_id", "id"))).first()
    operator_id, id = found or (NOBODYS, NOBODYS)
    work.enter(operator_id)
    return id


def _tokens(work, account: Account, session: SignIn) -> dict:
    refresh_token = new_secret()
    work.add(
        RefreshToken(
            operator_id=account.operator_id,
            sign_in_id=session.id,
            token_hash=digest(refresh_token),
            expires_at=min(work.now + REFRESH_LIFE, session.expires_at),
        )
    )
    roles = roles_of_person(work, account.person_id)
    token = access_token(
        work, subject=account.person_id, kind="person", roles=roles, epoch=account.epoch, life=ACCESS_LIFE
    )
    return {**token, "refresh_token": refresh_token}


def by_refresh_token(work, refresh_token: str) -> dict:
    """The token's row is locked: of two uses at once, the second finds it used."""
    token, session = _session_of(work, refresh_token)
    if token is None:
        raise Refused()
    if token.used_at is not None:
        _end_apart(work, session.id)
        raise Refused()
    account = work.get(Account, session.account_id)
    over = session.ended_at is not None or token.expires_at <= work.now
    if over or account.state is not AccountState.ACTIVE:
        raise Refused()
    token.used_at = work.now
    return _tokens(work, account, session)


def _session_of(work, refresh_token: str) -> tuple[RefreshToken | None, SignIn | None]:
    found = _found(work, func.find_refresh_token(digest(refresh_token)))
    token = work.scalar(select(RefreshToken).where(RefreshToken.id == found).with_for_update())
    return (token, work.get(SignIn, token.sign_in_id)) if token else (None, None)


def _end_apart(work, sign_in_id: UUID) -> None:
    with apart(work) as aside:
        _end(aside, sign_in_id)


def _end(work, sign_in_id: UUID) -> None:
    """The session is over; its access tokens die too. The account's other sessions merely refresh."""
    session = work.scalar(select(SignIn).where(SignIn.id == sign_in_id).with_for_update())
    if session.ended_at is None:
        session.ended_at = work.now
        work.scalar(select(Account).where(Account.id == session.account_id).with_for_update()).revoke()


def sign_out(work, token: str) -> None:
    """RFC 7009: an unknown token is as good as revoked."""
    found, session = _session_of(work, token)
    if found:
        _end(work, session.id)


# ── partner clients ──────────────────────────────────────────────────────────────────────────────────────────────


def by_client_secret(work, client_id: str, client_secret: str, address: str) -> dict:
    charge(work, f"client:{client_id}", ACCOUNT)
    charge(work, f"address:{address}", ADDRESS)
    client = _client_of(work, client_id, client_secret)
    if client is None:
        raise Refused()
    forgive(work, f"client:{client_id}")
    give_back(work, f"address:{address}")
    return access_token(
        work,
        subject=client.id,
        kind="client",
        roles=roles_of_client(client),
        epoch=client.epoch,
        life=min(ACCESS_LIFE, client.expires_at - work.now) if client.expires_at else ACCESS_LIFE,
    )


def _client_of(work, client_id: str, client_secret: str) -> Client | None:
    try:
        found = _found(work, func.find_client(UUID(client_id)))
    except ValueError:
        return None
    client = work.get(Client, found)
    if not client or not client.active or (client.expires_at and client.expires_at <= work.now):
        return None
    live = ClientSecret.expires_at.is_(None) | (ClientSecret.expires_at > work.now)
    mine = (ClientSecret.client_id == client.id) & (ClientSecret.secret_hash == digest(client_secret))
    secret = work.scalar(select(ClientSecret).where(mine, live))
    if secret is None:
        return None
    secret.last_used_at = work.now
    return client

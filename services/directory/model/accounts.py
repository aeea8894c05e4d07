"""Who may sign in, with what, and for how long: accounts, sessions, one-time tokens, partner clients."""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, Integer, LargeBinary, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from chassis.errors import Conflict
from chassis.model import Row, registry_of
from chassis.private import Sealed, blind_index, seal
from services.directory import events
from services.directory.events import AccountState
from services.directory.model.told import Told, refers_to

ACCESS_LIFE = timedelta(minutes=10)
REFRESH_LIFE = timedelta(days=30)  # unused for so long, a session is over
SESSION_LIFE = timedelta(days=180)  # however much it is used
INVITATION_LIFE = timedelta(days=7)
RESET_LIFE = timedelta(minutes=30)
SECRETS_AT_ONCE = 2
SECRET_OVERLAP = timedelta(hours=24)  # the old secret goes on after a new one was made


class NoAccountState(Conflict):
    en = "An account that is {state} cannot do this; look at its state."
    zh = "账号当前状态为「{state}」，不能进行此操作。"


class PartnerScope(StrEnum):
    """What a partner may be granted; each is also the name of the role in its token."""

    EVENTS = "partner_events"
    TICKETS = "partner_tickets"


def new_secret() -> str:
    """32 random bytes for a token or a client: too many to guess, so a plain hash of it is safe to keep."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def login_index(login: str) -> str:
    """By which an account is found: capitals and surrounding blanks do not matter."""
    return blind_index(f"login:{login.strip().casefold()}")


class Account(Told):
    """A person's way in. Sign-in names are unique platform-wide, for they are looked up before the operator is known.

    `epoch` rises whenever tokens given out so far must not be trusted any more.
    """

    BEGUN, CHANGED, RESTATED = events.AccountInvited, events.AccountRevoked, events.AccountRestated
    person_id: Mapped[UUID] = refers_to("person.id")
    login: Mapped[str] = mapped_column(Sealed, info={"private": True})
    login_index: Mapped[str] = mapped_column(info={"private": True})
    password_hash: Mapped[str | None] = mapped_column(info={"private": True})
    password_set_at: Mapped[datetime | None]
    state: Mapped[AccountState] = mapped_column(default=AccountState.INVITED)
    epoch: Mapped[int] = mapped_column(default=0)
    __table_args__ = (UniqueConstraint("login_index"), UniqueConstraint("person_id"))

    def __init__(self, *, login: str, **facts):
        super().__init__(login=login, login_index=login_index(login), **facts)

    @property
    def subject(self) -> UUID:
        return self.person_id

    def invite(self, token: str, expires_at: datetime) -> None:
        """Send the person a one-time token for the first password."""
        if self.state is not AccountState.INVITED:
            raise NoAccountState(state=self.state)
        self._send(events.AccountInvited, token, expires_at, login_sealed=seal(self.login))

    def request_reset(self, token: str, expires_at: datetime) -> None:
        self._send(events.AccountResetRequested, token, expires_at)

    def _send(self, fact: type, token: str, expires_at: datetime, **more) -> None:
        self.say(fact, person_id=self.person_id, token_sealed=seal(token), expires_at=expires_at, **more)

    def set_password(self, hashed: str, at: datetime) -> None:
        """The first password opens the account; a later one voids what was given out under the old."""
        if self.state is AccountState.DISABLED:
            raise NoAccountState(state=self.state)
        first, self.state = self.state is AccountState.INVITED, AccountState.ACTIVE
        self.password_hash, self.password_set_at = hashed, at
        if first:
            self.say(events.AccountOpened)
        else:
            self.revoke()

    def revoke(self) -> None:
        """Void all access tokens given out so far."""
        self.epoch += 1
        self.say(events.AccountRevoked)

    def disable(self) -> None:
        if self.state is AccountState.DISABLED:
            raise NoAccountState(state=self.state)
        self.state = AccountState.DISABLED
        self.revoke()

    def enable(self) -> None:
        if self.state is not AccountState.DISABLED:
            raise NoAccountState(state=self.state)
        self.state = AccountState.ACTIVE if self.password_hash else AccountState.INVITED
        self.say(events.AccountOpened)


class SignIn(Row):
    """One session on one device: the family of refresh tokens that follow from one sign-in."""

    account_id: Mapped[UUID] = refers_to("account.id")
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        Index("sign_in_account", "account_id"),
        Index("sign_in_ended_at", "ended_at"),
        Index("sign_in_expires_at", "expires_at"),
    )


class RefreshToken(Row):
    """Good for one use. Using it a second time means that two hold it: the whole session ends."""

    sign_in_id: Mapped[UUID] = refers_to("sign_in.id")
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index("refresh_token_expires_at", "expires_at"),
        Index("refresh_token_sign_in", "sign_in_id"),
    )


class PasswordToken(Row):
    """The one-time right to set an account's password, by invitation or after "forgotten"."""

    account_id: Mapped[UUID] = refers_to("account.id")
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("token_hash"), Index("password_token_account", "account_id"))


class Client(Told):
    """A partner system. `scopes` become roles in its tokens, in `estate_ids` or, where that is empty, everywhere."""

    BEGUN, CHANGED, RESTATED = events.ClientRegistered, events.ClientChanged, events.ClientRestated
    name: Mapped[str]
    scopes: Mapped[list] = mapped_column(ARRAY(Text))
    estate_ids: Mapped[list] = mapped_column(default=list)
    expires_at: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    epoch: Mapped[int] = mapped_column(default=0)

    def __init__(self, *, estate_ids=(), **facts):
        super().__init__(estate_ids=[str(each) for each in estate_ids], **facts)

    def facts(self) -> dict:
        return super().facts() | {"estate_ids": [UUID(each) for each in self.estate_ids]}

    def change(self, *, estate_ids=None, **facts) -> None:
        """Other grants void the tokens given out under the old ones."""
        if not self.active:
            raise NoAccountState(state="disabled")
        if estate_ids is not None:
            facts["estate_ids"] = [str(each) for each in estate_ids]
        if self._take(facts):
            self._renew()

    def disable(self) -> None:
        if not self.active:
            raise NoAccountState(state="disabled")
        self.active = False
        self._renew()

    def _renew(self) -> None:
        self.epoch += 1
        self.say(events.ClientChanged)
        state = AccountState.ACTIVE if self.active else AccountState.DISABLED
        self.record(events.AccountRevoked(account_id=self.id, subject=self.id, state=state, epoch=self.epoch))


class ClientSecret(Row):
    client_id: Mapped[UUID] = refers_to("client.id")
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("secret_hash"), Index("client_secret_client", "client_id"))


# Known before any operator is: no tenant, and nothing in them but keyed hashes.
metadata = registry_of("services.directory").metadata
throttle = Table(
    "throttle",
    metadata,
    Column("key", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),
)
reset_request = Table(
    "reset_request",
    metadata,
    Column("login_index", Text, primary_key=True),
    Column("requested_at", DateTime(timezone=True), nullable=False),
)

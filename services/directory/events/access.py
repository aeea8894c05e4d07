"""Who may sign in: accounts and partner clients."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from chassis.events import event, part


class AccountState(StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


@part
class AccountFacts:
    account_id: UUID
    subject: UUID  # the `sub` of its access tokens: the person (or the partner client)
    state: AccountState
    epoch: int  # tokens of a lower epoch are no longer good


@event("directory.account.invited", version=1, pii=True)
class AccountInvited(AccountFacts):
    """A person may set a first password; the sealed token goes to them alone."""

    person_id: UUID
    login_sealed: str
    token_sealed: str
    expires_at: datetime


@event("directory.account.reset_requested", version=1, pii=True)
class AccountResetRequested(AccountFacts):
    """Somebody asked for a new password; the sealed token goes to the account's person alone."""

    person_id: UUID
    token_sealed: str
    expires_at: datetime


@event("directory.account.opened", version=1)
class AccountOpened(AccountFacts):
    """The first password was set, or a disabled account was enabled again."""


@event("directory.account.revoked", version=1)
class AccountRevoked(AccountFacts):
    """Access tokens of an earlier epoch are void: sign-out, new password, changed rights or disabled account."""


@event("directory.account.restated", version=1)
class AccountRestated(AccountFacts):
    """An account as it is now."""


@part
class ClientFacts:
    client_id: UUID
    name: str
    scopes: list[str]
    estate_ids: list[UUID]  # empty: all estates of the operator
    expires_at: datetime | None
    active: bool


@event("directory.client.registered", version=1)
class ClientRegistered(ClientFacts):
    """A partner system received access."""


@event("directory.client.changed", version=1)
class ClientChanged(ClientFacts):
    """A partner's grants changed or ended."""


@event("directory.client.restated", version=1)
class ClientRestated(ClientFacts):
    """A partner's access as it is now."""

"""Door 2, events: the directory listens to nobody but itself, for it verifies tokens like every other service."""

from uuid import UUID

from chassis.events import event, on


@event("directory.account.revoked", version=1)
class AccountRevoked:
    """What is read of it here."""

    subject: UUID
    epoch: int


@on(AccountRevoked)
def refuse_old_tokens(work, heard):
    """Refuse the account's tokens of before."""
    work.revoke(heard.subject, heard.epoch)

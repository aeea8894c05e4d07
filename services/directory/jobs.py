"""Door 3, the clock: keys change, links lapse, certificates run out, rosters are planned, forgotten passwords answered."""

from datetime import timedelta

from sqlalchemy import delete, select, update

from chassis.jobs import every
from chassis.recovery import after_restore
from services.directory.events import AccountState
from services.directory.handlers import keys
from services.directory.handlers.accounts import one_time_token
from services.directory.model import Account, PasswordToken, RefreshToken, Shift, SignIn, Staff
from services.directory.model.accounts import INVITATION_LIFE, RESET_LIFE, reset_request, throttle
from services.directory.model.duties import PLANNED_AHEAD
from services.directory.model.keys import signing_key

KEPT = timedelta(days=30)  # how long a spent session is kept, so that a late reuse of its tokens is noticed
QUIET = timedelta(days=1)  # after which an attempt counts no more
BATCH = 1000


@every(hours=1)
def rotate_signing_keys(work):
    """A new signing key each month, published an hour before it signs; the old one, an hour after."""
    return keys.rotate(work)


@every(seconds=2)
def answer_reset_requests(work):
    """Send a link to those who forgot their password; a name that nobody has is dropped in silence."""
    asked = work.due(select(reset_request.c.login_index))
    for index in asked:
        account = work.scalar(select(Account).where(Account.login_index == index).with_for_update())
        if account:
            _send_link(work, account)
    work.execute(delete(reset_request).where(reset_request.c.login_index.in_(asked)))
    return len(asked)


def _send_link(work, account):
    if account.state is AccountState.ACTIVE:
        account.request_reset(one_time_token(work, account, RESET_LIFE), work.now + RESET_LIFE)
    elif account.state is AccountState.INVITED:
        account.invite(one_time_token(work, account, INVITATION_LIFE), work.now + INVITATION_LIFE)


@every(hours=1)
def watch_certificates(work):
    """Say which certificates run out within 30 days, and which have run out."""
    due = work.due(select(Staff).where(Staff.active, Staff.certificate_due <= work.now.date()))
    for member in due:
        member.watch_certificates(work.now.date())
    return len(due)


@every(minutes=10)
def plan_rosters(work):
    """Carry each shift's turns on to 14 days ahead."""
    short = Shift.planned_until < (work.now + PLANNED_AHEAD).date()
    due = work.due(select(Shift).where(Shift.active, short), limit=100)
    for shift in due:
        for duty in shift.plan(work.now):
            work.add(duty)
    return len(due)


@every(hours=1)
def forget_spent_tokens(work):
    """Delete links that lapsed, sessions long over, and attempts that count no more."""
    long_ago = work.now - KEPT
    over = select(SignIn.id).where((SignIn.ended_at < long_ago) | (SignIn.expires_at < long_ago)).limit(BATCH)
    spent = work.scalars(over)
    work.execute(delete(RefreshToken).where(RefreshToken.sign_in_id.in_(spent)))
    work.execute(delete(SignIn).where(SignIn.id.in_(spent)))
    idle = select(RefreshToken.id).where(RefreshToken.expires_at < long_ago).limit(BATCH)
    idle = work.execute(delete(RefreshToken).where(RefreshToken.id.in_(idle))).rowcount
    lapsed = work.execute(delete(PasswordToken).where(PasswordToken.expires_at < work.now)).rowcount
    work.execute(delete(throttle).where(throttle.c.last_at < work.now - QUIET, throttle.c.until < work.now))
    return len(spent) + idle + lapsed


@after_restore
def let_nobody_stay_signed_in(work):
    """Tokens that were revoked or used up since the backup would be good again: all sign in anew, and new keys sign."""
    work.execute(update(SignIn).where(SignIn.ended_at.is_(None)).values(ended_at=work.now))
    work.execute(delete(signing_key))

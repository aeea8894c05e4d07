"""Accounts: invited, opened with a first password, changed, reset, disabled."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.errors import Invalid, NotFound
from chassis.i18n import Sentence
from services.directory.events import AccountState
from services.directory.handlers.reach import require_charge
from services.directory.handlers.throttle import ADDRESS, RESETS, charge, forgive
from services.directory.model import Account, PasswordToken, Person, SignIn, passwords
from services.directory.model.accounts import INVITATION_LIFE, digest, login_index, new_secret, reset_request

NO_LOGIN = Sentence("Give a sign-in name: no phone or e-mail is known.", "请填写登录名：该人员没有登记电话或邮箱。")
LINK_OVER = Sentence("This link was used or has expired; ask for a new one.", "链接已使用或已过期，请重新申请。")
WRONG = Sentence("This is not your present password.", "当前密码不正确。")


def invite(work, person_id: UUID, login: str | None = None) -> Account:
    """Open the way in for a person; once more sends a new link and voids the old."""
    person = work.find(Person, person_id)
    require_charge(work, person_id)
    account = _of_person(work, person_id)
    if account is None:
        login = login or person.phone or person.email
        if not login:
            raise Invalid(errors={"login": [NO_LOGIN]})
        account = work.add(Account(operator_id=person.operator_id, person_id=person_id, login=login))
    expires_at = work.now + INVITATION_LIFE
    account.invite(one_time_token(work, account, INVITATION_LIFE), expires_at)
    return account


def one_time_token(work, account: Account, life: timedelta) -> str:
    """The only one that counts from now on; nothing but its hash is kept here."""
    work.execute(delete(PasswordToken).where(PasswordToken.account_id == account.id))
    token = new_secret()
    work.add(
        PasswordToken(
            operator_id=account.operator_id,
            account_id=account.id,
            token_hash=digest(token),
            expires_at=work.now + life,
        )
    )
    return token


def set_password(work, token: str, password: str) -> None:
    """With the one-time token of an invitation or of a reset."""
    found = work.execute(select(func.find_password_token(digest(token)).table_valued("operator_id", "id"))).first()
    if found is None:
        raise Invalid(errors={"token": [LINK_OVER]})
    work.enter(found.operator_id)
    spent = delete(PasswordToken).where(PasswordToken.id == found.id, PasswordToken.expires_at > work.now)
    account_id = work.scalar(spent.returning(PasswordToken.account_id))
    account = account_id and work.take(Account, account_id)
    if not account or account.state is AccountState.DISABLED:
        raise Invalid(errors={"token": [LINK_OVER]})
    _set(work, account, password)


def change_password(work, current: str, password: str) -> None:
    account = own_account(work)
    charge(work, f"login:{account.login_index}")
    if not passwords.matches(account.password_hash, current):
        raise Invalid(errors={"current": [WRONG]})
    forgive(work, f"login:{account.login_index}")
    _set(work, account, password)


def _set(work, account: Account, password: str) -> None:
    passwords.check(password, account.login)
    account.set_password(passwords.hash_password(password), at=work.now)
    end_sessions(work, account)


def request_reset(work, login: str, address: str) -> None:
    """Only noted here: the clock answers it, so that a known and an unknown name take the same time."""
    index = login_index(login)
    charge(work, f"reset:{index}", policy=RESETS)
    charge(work, f"reset:{address}", policy=ADDRESS)
    noted = insert(reset_request).values(login_index=index, requested_at=work.now)
    work.execute(noted.on_conflict_do_nothing())


def disable(work, person_id: UUID) -> Account:
    account = _in_charge(work, person_id)
    account.disable()
    end_sessions(work, account)
    return account


def enable(work, person_id: UUID) -> Account:
    account = _in_charge(work, person_id)
    account.enable()
    return account


def _in_charge(work, person_id: UUID) -> Account:
    work.find(Person, person_id)
    require_charge(work, person_id)
    account = _of_person(work, person_id)
    if account is None:
        raise NotFound()
    return account


def sign_out_everywhere(work) -> None:
    account = own_account(work)
    end_sessions(work, account)
    account.revoke()


def own_account(work) -> Account:
    """Raises NotFound for a partner client, which has none."""
    account = _of_person(work, work.actor.id)
    if account is None:
        raise NotFound()
    return account


def renew_rights(work, person_id: UUID) -> None:
    """What a person may do has changed: their tokens of before are void, and the next refresh brings the new rights."""
    account = _of_person(work, person_id)
    if account and account.state is AccountState.ACTIVE:
        account.revoke()


def end_sessions(work, account: Account) -> None:
    work.execute(
        update(SignIn).where(SignIn.account_id == account.id, SignIn.ended_at.is_(None)).values(ended_at=work.now)
    )


def _of_person(work, person_id: UUID) -> Account | None:
    mine = (Account.person_id == person_id) & (Account.operator_id == work.actor.operator_id)
    return work.scalar(select(Account).where(mine).with_for_update())

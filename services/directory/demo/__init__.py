"""The demo operators: 和悦 Heyue with three estates, and 清源 Qingyuan beside it, of which it must never see anything.

All names and numbers are invented. Passwords and the partner's secret follow from the installation's SECRET_KEY: every
installation has its own, and a second run can tell them again without having kept them.
"""

import base64
from uuid import UUID

from sqlalchemy import select

from chassis.actor import SYSTEM
from chassis.private import derive
from services.directory.demo.accounts import ACCOUNTS, PARTNERS, open_accounts, register_partners
from services.directory.demo.estates import OPERATORS, settle_operator
from services.directory.model import Account, Client, Estate, Occupancy, Operator, Person, Staff, Unit
from services.directory.model.accounts import login_index


def seed(runtime) -> dict:
    """Make what is not there yet, an operator in one transaction. → what `.local/demo.json` tells."""
    secret = _secrets_of(runtime.settings.secret_key)
    for plan in OPERATORS:
        with runtime.work(SYSTEM, system=True) as work:
            if work.scalar(select(Operator.id).where(Operator.code == plan.code)) is None:
                places = settle_operator(work, plan)
                open_accounts(work, plan.code, places, secret)
                register_partners(work, plan.code, places, secret)
    with runtime.work(SYSTEM, system=True) as work:
        return {
            "base_url": runtime.settings.public_url,
            "operators": {plan.code: _operator(work, plan.code) for plan in OPERATORS},
            "accounts": {each.role: _account(work, each, secret) for each in ACCOUNTS},
            "clients": {each.name: _partner(work, each, secret) for each in PARTNERS},
        }


def _secrets_of(secret_key: str):
    """name → a secret of this installation, easy to type."""

    def secret(name: str) -> str:
        return base64.b32encode(derive(secret_key.encode(), f"demo {name}"))[:20].decode().lower()

    return secret


def _operator(work, code: str) -> dict:
    operator = work.scalar(select(Operator).where(Operator.code == code))
    estates = work.scalars(select(Estate).where(Estate.operator_id == operator.id).order_by(Estate.code))
    return {"id": str(operator.id), "estates": {each.code: str(each.id) for each in estates}}


def _account(work, plan, secret) -> dict:
    account = work.scalar(select(Account).where(Account.login_index == login_index(plan.login)))
    person = work.get(Person, account.person_id)
    return {
        "login": plan.login,
        "password": secret(plan.role),
        "operator": plan.operator,
        "operator_id": str(person.operator_id),
        "person_id": str(person.id),
        "name": person.name,
        **_place(work, person.id),
    }


def _place(work, person_id: UUID) -> dict:
    """A resident's home, or the estate or region where somebody works."""
    held = select(Unit).join(Occupancy, Occupancy.unit_id == Unit.id).where(Occupancy.person_id == person_id)
    home = work.scalar(held.order_by(Unit.usage, Unit.code).limit(1))
    if home:
        return {"unit_id": str(home.id), "unit_code": home.code, "estate_id": str(home.estate_id)}
    staff = work.get(Staff, person_id)
    scopes = dict(each["scope"].partition(":")[::2] for each in staff.roles)
    return {f"{kind}_id": place for kind, place in scopes.items() if place}


def _partner(work, plan, secret) -> dict:
    client = work.scalar(select(Client).join(Operator, Operator.id == Client.operator_id).where(
        Client.name == plan.title, Operator.code == plan.operator
    ))  # fmt: skip
    return {"client_id": str(client.id), "client_secret": secret(plan.name), "operator": plan.operator}

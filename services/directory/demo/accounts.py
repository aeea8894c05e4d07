"""Who of the demo can sign in, and the partner system that may listen."""

from dataclasses import dataclass

from services.directory.model import Account, Client, ClientSecret
from services.directory.model.accounts import PartnerScope, digest
from services.directory.model.passwords import hash_password


@dataclass(frozen=True)
class DemoAccount:
    """`who` names a person of `demo.estates`: a home's code with the relation, or a place on the staff."""

    role: str
    operator: str
    login: str
    who: str


@dataclass(frozen=True)
class DemoPartner:
    name: str
    operator: str
    title: str


def _heyue(role: str, who: str) -> DemoAccount:
    return DemoAccount(role, "HY", f"{role.replace('_', '.')}@heyue.example", who)


def _qingyuan(role: str, who: str) -> DemoAccount:
    return DemoAccount(role, "QY", f"{role.removeprefix('qy_').replace('_', '.')}@qingyuan.example", who)


ACCOUNTS = [
    _heyue("owner", "HY-E-01 3-2-0601 owner"),
    _heyue("owner2", "HY-E-01 1-1-0302 owner"),
    _heyue("household_member", "HY-E-01 3-2-0601 household_member"),
    _heyue("occupier", "HY-E-01 2-1-1101 occupier"),
    _heyue("technician", "HY-E-01 technician 1"),
    _heyue("technician2", "HY-E-01 technician 2"),
    _heyue("dispatcher", "HY-E-01 dispatcher 1"),
    _heyue("service_desk", "HY-E-01 service_desk 1"),
    _heyue("inspector", "HY-E-01 inspector 1"),
    _heyue("cashier", "HY-E-01 cashier 1"),
    _heyue("estate_manager", "HY-E-01 estate_manager 1"),
    _heyue("region_manager", "HY-E region_manager 1"),
    _heyue("head_office", "HY head_office 1"),
    _heyue("admin", "HY admin 1"),
    _heyue("sw_owner", "HY-SW-01 5-2-0301 owner"),
    _heyue("sw_dispatcher", "HY-SW-01 dispatcher 1"),
    _heyue("sw_manager", "HY-SW-01 estate_manager 1"),
    _qingyuan("qy_owner", "QY-01 8-1-0101 owner"),
    _qingyuan("qy_manager", "QY-01 estate_manager 1"),
    _qingyuan("qy_dispatcher", "QY-01 dispatcher 1"),
    _qingyuan("qy_technician", "QY-01 technician 1"),
]
PARTNERS = [
    DemoPartner("smart_lock", "HY", "智锁云 Smart Lock Cloud"),
    DemoPartner("qy_city_platform", "QY", "城市服务平台 City Service Platform"),
]


def open_accounts(work, operator: str, people: dict, secret) -> None:
    """With a password from the start, where others get an invitation."""
    for each in ACCOUNTS:
        if each.operator == operator:
            person = people[each.who]
            account = Account(operator_id=person.operator_id, person_id=person.id, login=each.login)
            account.set_password(hash_password(secret(each.role)), at=work.now)
            work.add(account)


def register_partners(work, operator: str, people: dict, secret) -> None:
    for each in PARTNERS:
        if each.operator == operator:
            tenant = next(iter(people.values())).operator_id
            client = work.add(Client.register(operator_id=tenant, name=each.title, scopes=list(PartnerScope)))
            made = {"client_id": client.id, "secret_hash": digest(secret(each.name)), "made_at": work.now}
            work.add(ClientSecret(operator_id=tenant, **made))

"""Personal data: sealed at rest, found without being opened, masked in lists."""

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Column, MetaData, Table, Text, Uuid, insert, select, type_coerce

from chassis import private
from chassis.ids import new_id
from chassis.private import Sealed, blind_index, mask_email, mask_phone, reseal, seal, unseal

OLD, NEW, NEWEST = (Fernet.generate_key().decode() for _ in range(3))
PHONE = "+8613812345678"


@pytest.fixture(autouse=True)
def keys(kites, monkeypatch):
    monkeypatch.setattr(private, "_keys", private.Keys((OLD,)))


def test_sealed_text_opens_again_and_looks_different_each_time():
    assert unseal(seal(PHONE)) == PHONE
    assert seal(PHONE) != seal(PHONE)
    assert PHONE not in seal(PHONE)


def test_a_new_key_in_front_seals_and_the_old_one_still_opens():
    before = seal(PHONE)

    private.use_keys((NEW, OLD))

    assert unseal(before) == PHONE
    assert Fernet(NEW).decrypt(seal(PHONE)).decode() == PHONE
    assert Fernet(NEW).decrypt(reseal(before)).decode() == PHONE


def test_the_index_stays_while_keys_rotate():
    index = blind_index(PHONE)
    sealed = seal(PHONE)

    private.use_keys((NEW, OLD))
    assert blind_index(PHONE) == index
    resealed = reseal(sealed)
    private.use_keys((NEWEST, NEW, OLD))

    assert blind_index(PHONE) == index
    assert blind_index("+8613812345679") != index
    assert unseal(resealed) == PHONE


def test_what_none_of_our_keys_opens_is_said_to_be_so():
    foreign = Fernet(NEW).encrypt(b"x").decode()

    for token in (foreign, "x", ""):
        with pytest.raises(private.Unreadable):
            unseal(token)


def test_without_keys_nothing_is_sealed(monkeypatch):
    monkeypatch.setattr(private, "_keys", None)

    with pytest.raises(private.Unreadable, match="PRIVATE_KEYS"):
        seal(PHONE)


def test_a_sealed_column_is_ciphertext_in_the_database(kites):
    ids = [Column(name, Uuid) for name in ("id", "operator_id", "estate_id")]
    note = Table("note", MetaData(), *ids, Column("text", Sealed))
    with kites.runtime.transaction(system=True) as session:
        session.execute(insert(note).values({column.name: new_id() for column in ids} | {"text": PHONE}))

        stored = session.scalar(select(type_coerce(note.c.text, Text)))
        opened = session.scalar(select(note.c.text))

    assert opened == PHONE
    assert PHONE not in stored and unseal(stored) == PHONE


@pytest.mark.parametrize(
    ("phone", "masked"),
    [("13812345678", "138****5678"), (PHONE, "+86138****5678"), ("02161234", "****1234"), ("110", "*10"), ("", "")],
)
def test_a_phone_is_masked(phone, masked):
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(("email", "masked"), [("zhang.wei@example.cn", "z***@example.cn"), ("a@b.cn", "a***@b.cn")])
def test_an_email_is_masked(email, masked):
    assert mask_email(email) == masked

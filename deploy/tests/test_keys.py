"""Secrets are made once, and only we may read them."""

from cryptography.fernet import Fernet

from deploy import keys


def test_secrets_are_made_once_and_readable_by_nobody_else(tmp_path):
    file = tmp_path / "secrets"

    first = keys.ensure(file)
    second = keys.ensure(file)

    assert first == second == keys.read(file)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_secret_that_a_later_release_needs_is_added_to_those_there(tmp_path):
    file = tmp_path / "secrets"
    keys.write(file, {"SMS_SECRET": "kept"})

    complete = keys.ensure(file)

    assert complete["SMS_SECRET"] == "kept"
    assert set(complete) == {name for name, _ in keys.wanted()}


def test_every_password_is_another_one(tmp_path):
    values = list(keys.ensure(tmp_path / "secrets").values())

    assert len(set(values)) == len(values)


def test_the_key_of_private_data_is_one_that_fernet_takes(tmp_path):
    key = Fernet(keys.ensure(tmp_path / "secrets")["PRIVATE_KEYS"])

    assert key.decrypt(key.encrypt(b"138")) == b"138"

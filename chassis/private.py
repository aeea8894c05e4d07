"""Personal data: ciphertext at rest and in events, and masks for lists.

`PRIVATE_KEYS` are Fernet keys, newest first. The first one seals; each of them unseals, so that a key is rotated by putting
a new one in front. The *last* one also founds the blind index: a look-up value must not change when keys rotate, so the
last key stays last for as long as the index is in use.
"""

import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Text
from sqlalchemy.types import TypeDecorator


class Unreadable(Exception):
    """Ciphertext that none of our keys opens: a key was dropped too early, or the data is not ours."""


class Keys:
    """The keys of this process."""

    def __init__(self, keys: tuple[str, ...]):
        self.fernet = MultiFernet([Fernet(key) for key in keys])
        self.index = derive(keys[-1].encode(), "blind index")


_keys: Keys | None = None


def derive(secret: bytes, purpose: str) -> bytes:
    """A key of its own for each purpose, from one secret."""
    return HKDF(SHA256(), length=32, salt=None, info=f"linli {purpose}".encode()).derive(secret)


def use_keys(keys: tuple[str, ...]) -> None:
    """Take the process's keys; the runtime does this once, from the settings."""
    global _keys
    _keys = Keys(keys)


def _ours() -> Keys:
    if _keys is None:
        raise Unreadable("no PRIVATE_KEYS are in use in this process")
    return _keys


def seal(text: str) -> str:
    return seal_bytes(text.encode()).decode()


def unseal(token: str) -> str:
    """Raises Unreadable."""
    return unseal_bytes(token.encode()).decode()


def seal_bytes(data: bytes) -> bytes:
    return _ours().fernet.encrypt(data)


def unseal_bytes(token: bytes) -> bytes:
    """Raises Unreadable."""
    try:
        return _ours().fernet.decrypt(token)
    except InvalidToken as error:
        raise Unreadable("none of PRIVATE_KEYS opens this") from error


def reseal(token: str) -> str:
    """The same text under the newest key: what a rotation does to each row before an old key may go."""
    return _ours().fernet.rotate(token).decode()


def blind_index(text: str) -> str:
    """Equal for equal texts and nothing else: to look up sealed text without opening it."""
    return hmac.digest(_ours().index, text.encode(), "sha256").hex()


class Sealed(TypeDecorator):
    """A text column that the database only ever sees as ciphertext."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else seal(value)

    def process_result_value(self, value, dialect):
        return None if value is None else unseal(value)


def mask_phone(phone: str) -> str:
    """`13812345678` → `138****5678`; short numbers keep their last two digits."""
    if len(phone) < 8:
        return "*" * max(len(phone) - 2, 0) + phone[-2:]
    return f"{phone[:-8]}****{phone[-4:]}"


def mask_email(email: str) -> str:
    """`zhang.wei@example.cn` → `z***@example.cn`."""
    name, _, host = email.partition("@")
    return f"{name[:1]}***@{host}"

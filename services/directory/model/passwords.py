"""Passwords: argon2id, and what may be one."""

import threading
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chassis.errors import Invalid, Unavailable
from chassis.i18n import Sentence

SHORTEST, LONGEST = 10, 128
SLOTS = 4  # hashes at once: each takes 19 MiB and a core
PATIENCE = 3  # seconds to wait for a slot
TOO_SHORT = Sentence(
    f"Use {SHORTEST} to {LONGEST} characters; a sentence is easy to remember.",
    f"密码长度须为 {SHORTEST} 至 {LONGEST} 个字符，建议使用一句话。",
)
TOO_PLAIN = Sentence(
    "This is too easy to guess: use more than four different characters, and not your sign-in name.",
    "密码过于简单：至少包含五种不同字符，且不得含有登录名。",
)

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_slots = threading.BoundedSemaphore(SLOTS)
_NOBODYS = _hasher.hash("the password of nobody")


@contextmanager
def _slot():
    """A flood of sign-ins waits here and not in memory."""
    if not _slots.acquire(timeout=PATIENCE):
        raise Unavailable()
    try:
        yield
    finally:
        _slots.release()


def hash_password(password: str) -> str:
    with _slot():
        return _hasher.hash(password)


def matches(hashed: str | None, password: str) -> bool:
    """Whether this is the password. For nobody (`None`) it takes as long, and is not."""
    with _slot():
        try:
            return _hasher.verify(hashed or _NOBODYS, password) and hashed is not None
        except (VerificationError, InvalidHashError):
            return False


def check(password: str, login: str) -> None:
    """Raises Invalid saying what a good password looks like."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(errors={"password": [TOO_SHORT]})
    name = login.partition("@")[0].casefold()
    if len(set(password)) < 5 or (len(name) > 3 and name in password.casefold()):
        raise Invalid(errors={"password": [TOO_PLAIN]})

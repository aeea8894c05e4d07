"""Who is calling: ES256 access tokens of the directory, verified in every service from its cached public keys.

The newest key set we saw lies in our own database too, so that a service starts while the directory is down. A role is
resolved to estates from the service's own copy; a revoked account is refused within seconds.
"""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
import requests
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from jwt.algorithms import ECAlgorithm
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from chassis import tables
from chassis.actor import NOBODY, Actor, Kind, Role, actor_of_event, reach_of
from chassis.errors import Unauthorized, Unavailable

log = structlog.get_logger(__name__)

ALGORITHM = "ES256"
ISSUER = "linli-directory"
AUDIENCE = "linli"
LEEWAY = 60  # seconds by which two machines' clocks may differ
LIFETIME = 600  # seconds a token may live
REMEMBERED = text("clock_timestamp() - interval '15 minutes'")  # older revocations concern no token that still lives
MOST_HOMES = 100_000
CLAIMS = ("iss", "aud", "sub", "operator", "kind", "roles", "epoch", "jti", "exp")
SCOPES = ("operator", "region", "estate", "unit")
OURSELVES = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}  # judged by the service's own clock


class NoKeysYet(Unavailable):
    en = "Sign-in cannot be checked just now; try again in a few seconds."
    zh = "暂时无法核验登录状态，请几秒后重试。"


# ── signing: the directory's side ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class SigningKey:
    """A private key as PEM, its id, and what the world may see of it."""

    kid: str
    pem: str = field(repr=False)
    jwk: dict


def new_key() -> SigningKey:
    return key_of(generate_private_key(SECP256R1()))


def read_key(pem: str) -> SigningKey:
    return key_of(load_pem_private_key(pem.encode(), password=None))


def key_of(private: EllipticCurvePrivateKey) -> SigningKey:
    """The id is the key's RFC 7638 thumbprint: the same key has the same id everywhere."""
    public = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    named = json.dumps({name: public[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    kid = base64.urlsafe_b64encode(hashlib.sha256(named.encode()).digest()).decode().rstrip("=")
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return SigningKey(kid, pem, {**public, "kid": kid, "use": "sig", "alg": ALGORITHM})


def issue(key: SigningKey, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, key.pem, algorithm=ALGORITHM, headers={"kid": key.kid})


# ── keys: what we trust ──────────────────────────────────────────────────────────────────────────────────────────────


def fetch_keys(url: str) -> dict:
    """The published key set. Raises requests.RequestException (bad JSON included)."""
    with requests.Session() as http:
        http.trust_env = False  # an inner address: no proxy of the environment
        answer = http.get(url, timeout=(2, 3), allow_redirects=False)
        answer.raise_for_status()
        return answer.json()


class KeyRing:
    """The directory's public keys by id. Asks again for an unknown id, but seldom: ids are the caller's to invent."""

    pause = 30.0  # seconds between two questions; 1 while we have no key at all
    lifetime = 600.0  # after this we ask again unprovoked, so that a withdrawn key is dropped

    def __init__(self, runtime, changed: Callable[[], None]):
        self.runtime = runtime
        self.changed = changed
        self.keys: dict[str, jwt.PyJWK] = {}
        self.asked_at = -1e9
        self.lock = threading.Lock()

    def get(self, kid: str) -> jwt.PyJWK:
        """Raises Unauthorized for an id the directory does not know, NoKeysYet while we know none or are still asking."""
        if not self.keys:
            self._recall()
        current = kid in self.keys and self._age() <= self.lifetime
        answered = current or self.refresh()
        if kid in self.keys:
            return self.keys[kid]
        if not self.keys or not answered:
            raise NoKeysYet()
        raise Unauthorized()

    def refresh(self) -> bool:
        """Ask the directory, unless somebody just did. When it does not answer, what we have stays good.

        → False when another thread is asking now. Nobody waits for it: a directory that hangs holds up one thread and
        not, by a few tokens with invented ids, all that a web role has.
        """
        if not self.lock.acquire(blocking=False):
            return False
        try:
            if self.runtime.settings.jwks_url and self._age() >= (self.pause if self.keys else 1.0):
                self._ask(self.runtime.settings.jwks_url)
            return True
        finally:
            self.lock.release()

    def _ask(self, url: str) -> None:
        self.asked_at = time.monotonic()
        try:
            self._take(fetch_keys(url), keep=True)
        except requests.RequestException as error:
            log.warning("auth.keys_unreachable", reason=str(error))

    def ready(self) -> bool:
        """Whether a token could be verified now."""
        if not self.keys:
            self._recall()
        if not self.keys:
            self.refresh()
        return bool(self.keys)

    def _age(self) -> float:
        return time.monotonic() - self.asked_at

    def _recall(self) -> None:
        with self.runtime.work(NOBODY) as work:
            known = work.scalar(select(tables.jwks.c.document))
        self._take(known or {}, keep=False)

    def _take(self, document: dict, *, keep: bool) -> None:
        keys = dict(_usable(document))
        if not keys:
            return
        if keys.keys() == self.keys.keys():
            return
        if keep:
            self._keep(document)
        self.keys = keys
        self.changed()

    def _keep(self, document: dict) -> None:
        row = {"document": document, "fetched_at": self.runtime.clock.now()}
        put = insert(tables.jwks).values(id=1, **row).on_conflict_do_update(index_elements=["id"], set_=row)
        with self.runtime.work(NOBODY) as work:
            work.execute(put)


def _usable(document: dict):
    """(id, key) of each ES256 key; what we cannot use is passed over, for the directory may grow."""
    entries = document.get("keys") if isinstance(document, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("kid") and entry.get("kty") == "EC" and entry.get("crv") == "P-256":
            try:
                yield entry["kid"], jwt.PyJWK(entry, algorithm=ALGORITHM)
            except jwt.PyJWTError as error:
                log.warning("auth.key_unusable", kid=entry["kid"], reason=str(error))


# ── tokens: who it is ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Token:
    """What a verified token says."""

    subject: UUID
    operator_id: UUID
    kind: Kind
    roles: tuple[Role, ...]
    epoch: int
    not_before: float
    expires_at: float

    @classmethod
    def of(cls, claims: dict) -> "Token":
        """Raises ValueError, TypeError, KeyError or AttributeError for claims of another shape."""
        return cls(
            subject=UUID(claims["sub"]),
            operator_id=UUID(claims["operator"]),
            kind={"person": Kind.PERSON, "client": Kind.CLIENT}[claims["kind"]],
            roles=tuple(_role(each["role"], each["scope"]) for each in claims["roles"]),
            epoch=int(claims["epoch"]),
            not_before=float(claims.get("nbf", 0)),
            expires_at=float(claims["exp"]),
        )


def _role(role: str, scope: str) -> Role:
    kind, _, id = scope.partition(":")
    if kind not in SCOPES or (kind == "operator") == bool(id):
        raise ValueError(f"{scope} is no scope")
    return Role(str(role), f"{kind}:{UUID(id)}" if id else kind)


class Authenticator:
    """From an `Authorization` header to an `Actor`."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.verified = lru_cache(maxsize=4096)(self._verify)  # a refusal raises, so only good tokens are remembered
        self.keys = KeyRing(runtime, changed=self.verified.cache_clear)
        self.revoked = Briefly(2, self._recently_revoked)
        self.reach = Briefly(10, self._resolve)
        self.homes: dict[tuple[UUID, str], set[UUID]] = {}  # a unit never moves to another estate

    def actor(self, authorization: str | None) -> Actor:
        """Raises Unauthorized."""
        scheme, _, bearer = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorized()
        token = self.verified(bearer.strip())
        now = self.runtime.clock.now().timestamp()
        if not token.not_before - LEEWAY <= now < token.expires_at + LEEWAY:
            raise Unauthorized()
        if token.expires_at > now + LIFETIME + LEEWAY:
            raise Unauthorized()  # its revocation would be forgotten before its end
        if token.epoch < self.revoked(token.operator_id).get(token.subject, 0):
            raise Unauthorized()
        reach = self.reach(token.operator_id, token.roles)
        return Actor(token.kind, token.subject, token.operator_id, token.roles, reach)

    def forget(self) -> None:
        """Look again at once whom it is about: for tests, which do not wait."""
        self.revoked.answers.clear()
        self.reach.answers.clear()
        self.homes.clear()

    def _verify(self, bearer: str) -> Token:
        try:
            kid = jwt.get_unverified_header(bearer).get("kid")  # nothing else of an unverified header is looked at
            key = self.keys.get(kid if isinstance(kid, str) else "")
            claims = jwt.decode(
                bearer,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": list(CLAIMS), **OURSELVES},
            )
            return Token.of(claims)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise Unauthorized() from error

    def _recently_revoked(self, operator_id: UUID) -> dict[UUID, int]:
        """{subject: the lowest epoch that is still good} of one operator; one question for all its people."""
        known = tables.revocation.c
        recent = select(known.subject_id, known.epoch).where(
            known.operator_id == operator_id, known.heard_at > REMEMBERED
        )
        with self.runtime.work(actor_of_event(operator_id, None)) as work:
            return {row.subject_id: row.epoch for row in work.execute(recent)}

    def _resolve(self, operator_id: UUID, roles: tuple[Role, ...]) -> dict[str, frozenset]:
        return reach_of(roles, self.runtime.service.grants, lambda scopes: self._estates_of(operator_id, scopes))

    def _estates_of(self, operator_id: UUID, scopes: set[str]) -> dict[str, set[UUID]]:
        homes = self.homes  # another thread may begin it anew
        found = {scope: homes[operator_id, scope] for scope in scopes if (operator_id, scope) in homes}
        asked = scopes - found.keys()
        if asked:
            with self.runtime.work(actor_of_event(operator_id, None)) as work:
                found |= self.runtime.service.estates_of(work.session, asked)
            if len(homes) >= MOST_HOMES:
                homes = self.homes = {}
            homes |= {
                (operator_id, scope): found[scope] for scope in asked if scope.startswith("unit:") and found.get(scope)
            }
        return found


class Briefly:
    """A function's answers, remembered for some seconds."""

    MOST = 10_000

    def __init__(self, seconds: float, function: Callable):
        self.seconds = seconds
        self.function = function
        self.answers: dict[tuple, tuple[float, Any]] = {}

    def __call__(self, *key):
        until, answer = self.answers.get(key, (0.0, None))
        if until < time.monotonic():
            answer = self.function(*key)
            if len(self.answers) >= self.MOST:
                self.answers.clear()
            self.answers[key] = (time.monotonic() + self.seconds, answer)
        return answer

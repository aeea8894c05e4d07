"""The ways out of the house behind one port: e-mail by SMTP, text messages by a provider's HTTP door.

In-app needs no channel here: the message row is the delivery. A further way (WeChat) is one more class and one line in `outside`.
"""

import hashlib
import hmac
import smtplib
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from secrets import token_hex
from typing import Protocol

import orjson
import requests

SIGNED_WITHIN = 300  # seconds a signature may be old


@dataclass(frozen=True)
class Parcel:
    """What a channel is handed. `key` is the same on every attempt, so that the outside can see a repeat."""

    key: str
    reference: str
    to: str
    subject: str
    text: str
    html: str = ""


class Retryable(Exception):
    """The way is blocked for now; try again after `retry_after` seconds, or when the ladder says."""

    def __init__(self, reason: str, retry_after: int | None = None):
        super().__init__(reason)
        self.retry_after = retry_after


class Unreachable(Retryable):
    """Nobody answers there at all: the rest of the batch need not try."""


class Permanent(Exception):
    """The outside will never take this; the reason names no address."""


class Channel(Protocol):
    """A way out. `send` returns the provider's id, or raises Retryable or Permanent; `close` ends a batch."""

    name: str

    def send(self, parcel: Parcel) -> str: ...

    def close(self) -> None: ...


def outside(settings) -> dict[str, Channel]:
    """The channels this deployment has configured, by name."""
    found: dict[str, Channel] = {}
    if settings.smtp_host:
        found["email"] = Email(settings)
    if settings.sms_url:
        found["sms"] = Sms(settings)
    return found


# ── e-mail ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Email:
    """SMTP with one connection a batch. The Message-ID is made from the key: a repeat carries the same one."""

    name = "email"

    def __init__(self, settings):
        self.settings = settings
        self._server: smtplib.SMTP | None = None

    def send(self, parcel: Parcel) -> str:
        try:
            letter = self._letter(parcel)
            self._connected().send_message(letter)
        except smtplib.SMTPRecipientsRefused as error:
            raise _judged(*next(iter(error.recipients.values()))) from error
        except smtplib.SMTPResponseException as error:
            self.close()
            raise _judged(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Permanent("the mail server cannot write to that address") from error
        except (
            OSError,
            smtplib.SMTPException,
        ) as error:  # also a certificate that does not hold, which is a ValueError too
            self.close()
            raise Unreachable(f"mail server: {type(error).__name__}") from error
        except ValueError as error:
            raise Permanent("this cannot be written as a letter to that address") from error
        return letter["Message-ID"]

    def close(self) -> None:
        server, self._server = self._server, None
        if server:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            server = smtplib.SMTP(self.settings.smtp_host, self.settings.smtp_port, timeout=self.settings.send_timeout)
            self._server = server
            if self.settings.smtp_starttls:
                server.starttls(context=ssl.create_default_context(cafile=self.settings.smtp_ca_file or None))
            if self.settings.smtp_user:
                server.login(self.settings.smtp_user, self.settings.smtp_password)
        return self._server

    def _letter(self, parcel: Parcel) -> EmailMessage:
        letter = EmailMessage()
        letter["From"] = self.settings.mail_from
        letter["To"] = parcel.to
        letter["Subject"] = parcel.subject
        letter["Date"] = formatdate(usegmt=True)
        letter["Message-ID"] = f"<{hashlib.sha256(parcel.key.encode()).hexdigest()[:32]}@linli>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(parcel.text)
        letter.add_alternative(parcel.html, subtype="html")
        return letter


def _judged(code: int, text: bytes) -> Exception:
    """5xx on this letter is final; 4xx, and a refusal of our sign-in, can be cured."""
    reason = f"mail server answered {code}"
    final = 500 <= code < 600 and code not in (530, 534, 535, 538)
    return Permanent(reason) if final else Retryable(reason)


# ── text messages ────────────────────────────────────────────────────────────────────────────────────────────────


class Sms:
    """A provider that takes signed JSON, knows a repeated `key`, and later says by a signed receipt what became of it."""

    name = "sms"

    def __init__(self, settings):
        self.settings = settings
        self._session = requests.Session()
        self._session.trust_env = False

    def send(self, parcel: Parcel) -> str:
        body = orjson.dumps(
            {
                "key": parcel.key,
                "to": parcel.to,
                "text": parcel.text,
                "reference": parcel.reference,
                "callback": self.settings.sms_receipts_url,
            }
        )
        try:
            answer = self._session.post(
                f"{self.settings.sms_url}/messages",
                data=body,
                headers={"Content-Type": "application/json", **signed(self.settings.sms_secret, body)},
                timeout=self.settings.send_timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise Unreachable(f"text message provider: {type(error).__name__}") from error
        return _accepted(answer)

    def close(self) -> None:
        self._session.close()


def _accepted(answer: requests.Response) -> str:
    """The provider's id; a refusal of the number or text is final, all else (also our signature) can be cured."""
    reason = f"text message provider answered {answer.status_code}"
    if answer.status_code in (400, 404, 413, 422):
        raise Permanent(reason)
    if answer.status_code not in (200, 202):
        wait = answer.headers.get("Retry-After", "")
        raise Retryable(reason, retry_after=min(int(wait), 3600) if wait.isdigit() else None)
    try:
        return str(answer.json()["id"])
    except (ValueError, KeyError, TypeError) as error:
        raise Retryable("text message provider answered without an id") from error


# ── signatures, both ways ────────────────────────────────────────────────────────────────────────────────────────


def signed(secret: str, body: bytes, at: float | None = None) -> dict[str, str]:
    """The three headers that prove a body: HMAC-SHA256 over timestamp, nonce and the body's own bytes."""
    timestamp, nonce = str(int(time.time() if at is None else at)), token_hex(16)
    return {
        "X-Sms-Timestamp": timestamp,
        "X-Sms-Nonce": nonce,
        "X-Sms-Signature": _signature(secret, timestamp, nonce, body),
    }


def is_signed(secret: str, body: bytes, headers, now: float) -> bool:
    """Whether the body was signed with our secret, not longer ago than SIGNED_WITHIN."""
    timestamp, nonce = headers.get("X-Sms-Timestamp", ""), headers.get("X-Sms-Nonce", "")
    given = headers.get("X-Sms-Signature", "")
    if not timestamp.isdecimal() or len(timestamp) > 12 or abs(now - int(timestamp)) > SIGNED_WITHIN:
        return False
    return hmac.compare_digest(given.encode(), _signature(secret, timestamp, nonce, body).encode())


def _signature(secret: str, timestamp: str, nonce: str, body: bytes) -> str:
    signed_part = f"{timestamp}.{nonce}.".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed_part, hashlib.sha256).hexdigest()

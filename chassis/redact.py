"""Secrets and personal data cut out of text that people or machines will keep: log lines, reasons, tracebacks.

A second wall. The first is that nobody writes such things into a message; this one holds where an exception's own text
repeats a value. What it cannot know by its looks (a password in plain words) must be kept out by the first.
"""

import re
from typing import Any

HIDDEN = "•••"
NAMED = r"(?i:password|passwd|secret|token|signature|authorization|private_keys?|api_key)"
GIVEN = r"(?:=|[\"']\s*:\s*)(?:\"[^\"]*\"|'[^']*'|[^\s\"'&,})]+)"
SHAPES = re.compile(
    "|".join(
        (
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
            r"eyJ[\w-]{5,}\.[\w-]+\.[\w-]*",  # a JSON Web Token
            r"gAAAA[\w-]{20,}={0,2}",  # Fernet ciphertext
            r"\$argon2[\w$=,+/]+",
            r"(?<=://)[^\s/@:'\"]*:[^\s/@'\"]+(?=@)",  # name and password in a URL
            NAMED + GIVEN,
            r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+",  # an e-mail address
            r"(?<![\w-])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?![\w-])",  # a mobile number
            r"(?<![\w-])\+\d{8,15}(?!\w)",
            r"(?<![\w-])(?=[\w-]{0,42}[a-z])(?=[\w-]{0,42}[A-Z])(?=[\w-]{0,42}\d)[\w-]{43}=?(?![\w-])",  # 32 random bytes
        )
    ),
    re.DOTALL,
)
OURS = {
    "timestamp",
    "level",
    "service",
    "role",
    "correlation_id",
    "actor",
    "method",
    "status",
    "ms",
    "job",
    "consumer",
    "type",
}
# A first look, three times as fast: text without any of these has none of those shapes.
SUSPECT = re.compile(r"[@=$+]|eyJ|gAAAA|PRIVATE|[\"']\s*:|(?<![\w-])(?:86)?1[3-9]\d|[\w-]{43}")


def text(said: str) -> str:
    """The same with `•••` in the place of whatever looks like a secret, an address or a phone."""
    return SHAPES.sub(HIDDEN, said) if SUSPECT.search(said) else said


def line(said: dict[str, Any]) -> dict[str, Any]:
    """One log line; what we made ourselves is left as it is."""
    return {name: value if name in OURS else anything(value) for name, value in said.items()}


def anything(value: Any) -> Any:
    """Texts at every depth of what will be one log line."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {name: anything(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [anything(inner) for inner in value]
    return value if value is None or isinstance(value, int | float) else text(str(value))

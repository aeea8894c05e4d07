"""What commands print for people: in the language of the terminal, and in colour where it has some."""

import os
import sys
import unicodedata

CHINESE = (os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "").startswith("zh")
COLOURS = {"good": 32, "bad": 31, "dim": 2, "bold": 1}


def pick(en: str, zh: str) -> str:
    return zh if CHINESE else en


def paint(text: str, how: str) -> str:
    """In colour on a terminal, plain in a file or a pipe; NO_COLOR says no."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{COLOURS[how]}m{text}\033[0m"


def pad(text: object, width: int) -> str:
    """Filled with blanks to this many columns; a Chinese character takes two."""
    text = str(text)
    return text + " " * (width - columns(text))


def columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def lasting(seconds: float) -> str:
    """`850 ms`, `4.2 s`, `12 min`, `3.5 h`, `2.1 d`."""
    for limit, unit, size in ((1, "ms", 0.001), (90, "s", 1), (5400, "min", 60), (172_800, "h", 3600)):
        if seconds < limit:
            amount = seconds / size
            return f"{amount:.0f} {unit}" if unit in ("ms", "min") or amount == int(amount) else f"{amount:.1f} {unit}"
    return f"{seconds / 86_400:.1f} d"

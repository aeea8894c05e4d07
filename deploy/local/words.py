"""What the terminal is told, in the reader's language: Chinese where the locale is Chinese, English elsewhere."""

import os
import sys
import time
import traceback
from contextlib import contextmanager

CHINESE = (os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "").startswith("zh")


class Failed(Exception):
    """A step that cannot go on: what is wrong and what to do, and what the log said last."""

    def __init__(self, en, zh, log=""):
        super().__init__(pick(en, zh))
        self.log = log


def pick(en, zh):
    return zh if CHINESE else en


def say(en, zh):
    print(pick(en, zh), flush=True)


def complain(failure):
    print(f"\n{pick('Linli', '邻里')}: {failure}", file=sys.stderr)
    if failure.log:
        print(failure.log, file=sys.stderr)


@contextmanager
def step(en, zh):
    """One visible line for one step: its name when it begins, its seconds when it ends."""
    began = time.monotonic()
    print(f"  {pick(en, zh)} …", end="", flush=True)
    try:
        yield
    except Failed:
        print(pick(" failed", " 失败"), flush=True)
        raise
    except Exception as error:
        print(pick(" failed", " 失败"), flush=True)
        raise Failed(f"{en}: {error}", f"{zh}：{error}", traceback.format_exc(limit=-4)) from error
    print(f" {time.monotonic() - began:.1f} s", flush=True)

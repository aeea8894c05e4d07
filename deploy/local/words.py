"""What the terminal is told, in the reader's language: Chinese where the locale is Chinese, English elsewhere."""

import errno
import os
import sys
import time
import traceback
from contextlib import contextmanager

DISK_FULL = "53100"  # PostgreSQL's word for it
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


FULL = (
    "the disk is full. Nothing that was committed is lost: free some space and do the same again (`df -h` shows where).",
    "磁盘已满。已提交的数据没有丢失：请释放空间后重新执行同一命令（`df -h` 可查看占用）。",
)


def is_full_disk(error):
    """Whether the disk is behind it, here or under PostgreSQL."""
    while error is not None:
        if getattr(error, "errno", None) == errno.ENOSPC or getattr(error, "sqlstate", None) == DISK_FULL:
            return True
        error = getattr(error, "orig", None) or error.__cause__
    return False


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
        if is_full_disk(error):
            raise Failed(*FULL, str(error)) from error
        raise Failed(f"{en}: {error}", f"{zh}：{error}", traceback.format_exc(limit=-4)) from error
    print(f" {time.monotonic() - began:.1f} s", flush=True)

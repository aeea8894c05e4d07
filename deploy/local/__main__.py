"""`python -m deploy.local up | down | ps | logs | backup | restore`, which `make` calls."""

import signal
import sys
from importlib import import_module

from deploy.local import words

# Act: its module. Only that one is imported, for `up` begins with the broker's boot, which waits for nothing else.
ACTS = {
    "up": "up", "down": "down", "ps": "look", "logs": "look", "status": "look", "trace": "look", "backup": "backup",
    "restore": "restore",
}  # fmt: skip


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in ACTS:
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # either way, what was started is taken down again
    try:
        act = sys.argv[1]
        getattr(import_module(f"deploy.local.{ACTS[act]}"), act)()
    except words.Failed as failure:
        words.complain(failure)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()

"""`python -m deploy.local up | down | ps | logs | backup | restore`, which `make` calls."""

import signal
import sys

from deploy.local import backup, down, look, restore, up, words

ACTS = {
    "up": up.up, "down": down.down, "ps": look.ps, "logs": look.logs, "status": look.status, "trace": look.trace,
    "backup": backup.backup, "restore": restore.restore,
}  # fmt: skip


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in ACTS:
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # either way, what was started is taken down again
    try:
        ACTS[sys.argv[1]]()
    except words.Failed as failure:
        words.complain(failure)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()

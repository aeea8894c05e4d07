"""Places where a fault test may ask a process to die as if by `kill -9`, through the environment variable FAIL_AT."""

import os
import signal


def failpoint(name: str) -> None:
    if os.environ.get("FAIL_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)

"""A server as a process of ours: launched, waited for, stopped, and never outliving who started it."""

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chassis.servers.places import DidNotStart

# The kernel ends a server when the *thread* that started it ends: this one lives as long as the process does.
_spawner = ThreadPoolExecutor(1, thread_name_prefix="servers")


class Server:
    """A process of ours: prepare, launch, wait until it answers, stop."""

    name = "server"
    stop_signal = signal.SIGTERM
    process = None

    def start(self):
        self.launch()
        self.wait()

    def launch(self):
        """Begin to start; `wait` for it later, so that several may start side by side."""
        self.prepare()
        self.process = self._spawn(self.command(), self.environment())

    def wait(self, seconds=90):
        """Until it answers; a server that ends first is an error with its last words."""
        comes_true(lambda: self.answers() or self.process.poll() is not None, seconds)
        if self.process.poll() is not None or not self.answers():
            self.stop()
            raise DidNotStart(f"{self.name} did not start.\n{last_lines(self.log_path)}\n(all of it: {self.log_path})")

    def stop(self):
        end(self.process, self.stop_signal)
        self.process = None

    def kill(self):
        """As the kernel would: no last words. Another `launch` starts it again."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def environment(self):
        return dict(os.environ)

    def _spawn(self, command, environment):
        def spawn():
            with open(self.log_path, "ab") as log:
                return subprocess.Popen(
                    command,
                    env=environment,
                    cwd="/",
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

        return _spawner.submit(spawn).result()


def end(process, how=signal.SIGTERM, seconds=30):
    """End one process of ours, politely first."""
    if process is None:
        return
    process.send_signal(how)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def tied(how="TERM", account=None):
    """The start of a command whose process ends with its parent, under `account` when that is not us."""
    switch = ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--init-groups"] if account else []
    return ["setpriv", *switch, "--pdeathsig", how]


def comes_true(condition, seconds):
    """Whether the condition held at some moment within the limit."""
    deadline = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return held


def last_lines(path, count=15):
    path = Path(path)
    return "\n".join(path.read_text(errors="replace").splitlines()[-count:]) if path.exists() else ""

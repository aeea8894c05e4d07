"""The web role as a process: gunicorn with threads, set up here and nowhere else.

The app is made once and then forked, which saves memory; connections are made after the fork, by whoever needs them.
"""

import gc
import os
from collections.abc import Callable
from pathlib import Path

import orjson
import structlog
from gunicorn import util
from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import ThreadWorker
from prometheus_client import multiprocess

from chassis import observe
from chassis.errors import Problem
from chassis.http.app import create_app
from chassis.http.problems import MEDIA_TYPE, NotUnderstood, document
from chassis.i18n import CHINESE
from chassis.runtime import Runtime

log = structlog.get_logger(__name__)
FIGURES = "PROMETHEUS_MULTIPROC_DIR"


def serve(make_runtime: Callable[[], Runtime]) -> None:
    """Answer HTTP until told to stop; what is under way then is finished first."""
    forget_figures()
    Server(make_runtime()).run()


def forget_figures() -> None:
    """Counters of an earlier run would be added to this one's."""
    if FIGURES in os.environ:
        folder = Path(os.environ[FIGURES])
        folder.mkdir(parents=True, exist_ok=True)
        for file in folder.glob("*.db"):
            file.unlink()


class Server(BaseApplication):
    """gunicorn, configured from our settings."""

    def __init__(self, runtime: Runtime):
        self.runtime = runtime
        super().__init__()

    def load_config(self):
        settings = self.runtime.settings
        chosen = {
            "bind": settings.bind,
            "workers": settings.web_workers,
            "threads": settings.web_threads,
            "worker_class": Worker,
            "preload_app": True,
            "control_socket_disable": True,  # its path is one for all services of a user
            "keepalive": 75,  # longer than the edge keeps its connections
            "timeout": 60,
            "graceful_timeout": 30,
            "loglevel": "warning",
            "proc_name": f"linli {settings.service} web",
            "post_fork": lambda server, worker: observe.trace(settings),
            "child_exit": _forget_worker,
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self):
        app = create_app(self.runtime)
        self.runtime.close()  # no connection is shared with a worker
        gc.collect()
        gc.freeze()  # what all workers share is not looked at again, and so not copied
        return app


class Worker(ThreadWorker):
    """Answers requests too broken for the app with a problem document instead of a page."""

    def handle_error(self, req, client, addr, exc):
        status = {LimitRequestLine: 414, LimitRequestHeaders: 431}.get(type(exc))
        problem = NotUnderstood() if status or isinstance(exc, ParseException) else Problem()
        if problem.status == 500:
            log.error("http.worker", error=repr(exc))
        problem.status = status or problem.status
        try:
            util.write_nonblock(client, _answer(problem))
        except OSError as error:
            log.info("http.client_gone", reason=str(error))


def _answer(problem: Problem) -> bytes:
    body = orjson.dumps(document(problem, CHINESE))
    head = f"HTTP/1.1 {problem.status} Refused\r\nConnection: close\r\nContent-Type: {MEDIA_TYPE}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _forget_worker(_server, worker) -> None:
    if FIGURES in os.environ:
        multiprocess.mark_process_dead(worker.pid)

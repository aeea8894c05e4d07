"""The web role as a process: gunicorn with threads, set up here and nowhere else.

The app is made once and then forked, which saves memory; connections are made after the fork, by whoever needs them.
"""

import gc
from collections.abc import Callable

import orjson
import structlog
from gunicorn import util
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import ThreadWorker

from chassis import observe
from chassis.errors import Problem
from chassis.heartbeat import Heart
from chassis.http.app import create_app
from chassis.http.problems import MEDIA_TYPE, NotUnderstood, document
from chassis.i18n import CHINESE
from chassis.observe import figures, folder
from chassis.runtime import Runtime

log = structlog.get_logger(__name__)


def serve(make_runtime: Callable[[], Runtime]) -> None:
    """Answer HTTP until told to stop; what is under way then is finished first."""
    folder.keep()
    Server(make_runtime()).run()


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
            "logger_class": Log,
            "proc_name": f"linli {settings.service} web",
            "post_fork": self._begin,
            "worker_exit": self._end,
            "child_exit": lambda server, worker: folder.bury(worker.pid),
            "on_exit": lambda server: folder.drop(),
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def _begin(self, _server, _worker) -> None:
        """In the worker, once it is a process of its own: threads and connections are not forked."""
        observe.trace(self.runtime.settings, "web")
        self.heart = Heart(self.runtime, ["web"], each_time=lambda: figures.note_pools(self.runtime))
        self.heart.start()

    def _end(self, _server, _worker) -> None:
        self.heart.stop()
        observe.end_trace()

    def load(self):
        app = create_app(self.runtime)
        self.runtime.close()  # no connection is shared with a worker
        gc.collect()
        gc.freeze()  # what all workers share is not looked at again, and so not copied
        return app


class Log(Logger):
    """gunicorn's own lines, as JSON like all others."""

    def setup(self, cfg):
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(observe.OneLine())


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

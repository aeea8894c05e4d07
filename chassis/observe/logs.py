"""JSON log lines, one object each, under the correlation id of what they belong to."""

import logging
import re
import sys

import orjson
import structlog

from chassis import redact

SECRET = re.compile(r"(password|secret|token|authorization|phone|email|cookie)", re.IGNORECASE)


WHO: dict[str, str] = {}  # service and role of this process, for every thread's lines


def configure_logging(service: str, role: str, level: int = logging.INFO, *, fixed: bool = True) -> None:
    """One JSON object a line on standard output; values under a secret's name are hidden.

    `fixed` loggers keep this configuration for good, which makes a line cheaper; a test that looks at lines needs others.
    """
    structlog.configure(
        processors=steps(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=fixed,
    )
    WHO.update(service=service, role=role)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(OneLine())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)


def steps() -> list:
    """What a log line goes through."""
    return [
        say_who,
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]


def say_who(_logger, _method, line: dict) -> dict:
    return {**WHO, **line}


def hide_secrets(_logger, _method, line: dict) -> dict:
    """By the name it stands under, and by its looks wherever it stands."""
    return redact.line({key: redact.HIDDEN if SECRET.search(key) else value for key, value in line.items()})


class OneLine(logging.Formatter):
    """What libraries log, as JSON of the same kind."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            **WHO,
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": redact.text(super().format(record)),
        }
        return orjson.dumps(said).decode()

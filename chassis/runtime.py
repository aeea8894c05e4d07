"""One process of one service: its settings, its clock, its two ways into the database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from chassis import (
    outbox,  # noqa: F401  the flush hook
    private,
)
from chassis.actor import Actor
from chassis.clock import Clock
from chassis.database import PATIENCE, make_engine
from chassis.ids import new_id
from chassis.pulse import Pulse
from chassis.settings import Settings
from chassis.work import Work


class Runtime:
    """`engine` obeys row-level security; `system_engine` sees every operator and serves relay and clock."""

    def __init__(self, service, settings: Settings, clock: Clock | None = None, *, patience: str = PATIENCE["web"]):
        self.service = service
        self.settings = settings
        self.clock = clock or Clock()
        self.patience = patience
        self.pulse = Pulse()
        if settings.private_keys:
            private.use_keys(settings.private_keys)

    @cached_property
    def own_settings(self):
        """What this service alone needs, read once."""
        return self.service.settings() if self.service.settings else None

    @cached_property
    def engine(self) -> Engine:
        return make_engine(
            self.settings.database_url, pool_size=self.settings.web_threads, statement_timeout=self.patience
        )

    @cached_property
    def system_engine(self) -> Engine:
        return make_engine(self.settings.system_database_url, pool_size=5, statement_timeout=PATIENCE["background"])

    def engines(self) -> dict[str, Engine]:
        """Those in use by now, by the role that they connect as."""
        names = {"app": "engine", "system": "system_engine"}
        return {role: self.__dict__[name] for role, name in names.items() if name in self.__dict__}

    @contextmanager
    def transaction(self, *, system: bool = False) -> Iterator[Session]:
        with Session(self.system_engine if system else self.engine, expire_on_commit=False) as session:
            yield session
            session.commit()

    def begin(self, session: Session, actor: Actor, *, correlation_id: str | None = None, cause=None, **more) -> Work:
        """A unit of work on a transaction that is open; a batch may begin one after another."""
        return Work(
            session,
            self.service,
            actor,
            self.clock.now(),
            correlation_id=correlation_id or (cause.correlation_id if cause else str(new_id())),
            cause=cause,
            settings=self.own_settings,
            **more,
        )

    @contextmanager
    def work(self, actor: Actor, *, system: bool = False, **more) -> Iterator[Work]:
        """A unit of work in a transaction of its own: committed at the end, rolled back on any error."""
        with self.transaction(system=system) as session:
            yield self.begin(session, actor, **more)

    def close(self) -> None:
        """Give back the connections; before a fork, or at the end."""
        for name in ("engine", "system_engine"):
            engine = self.__dict__.pop(name, None)
            if engine:
                engine.dispose()


def process_name(role: str) -> str:
    return f"{role}@{os.uname().nodename}:{os.getpid()}"

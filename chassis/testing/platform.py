"""Several services together, under one clock: events carried in memory, or over a real broker."""

import threading
from dataclasses import replace
from urllib.parse import quote, urlsplit

from chassis import amqp, broker, consumer, relay, servers
from chassis.clock import MovableClock
from chassis.runtime import Runtime
from chassis.service import load
from chassis.testing.harness import MONDAY_MORNING, PASSWORDS, Harness, Installations
from chassis.testing.provided import Broker


class Platform(dict):
    """Several services by name, under one clock, with events carried between them in memory."""

    def __init__(self, installations: Installations, *names: str):
        super().__init__({name: installations[load(name)] for name in names})
        self.clock = MovableClock(MONDAY_MORNING)
        for each in self.values():
            each.empty()
            each.clock = each.runtime.clock = self.clock

    def settle(self, rounds: int = 20) -> None:
        """Carry events to whoever hears them until nobody has anything more to say."""
        for _ in range(rounds):
            said = [envelope for each in self.values() for envelope in each.take_unsent()]
            if not said:
                return
            for each in self.values():
                heard = [envelope for envelope in said if envelope.type in each.service.hears]
                for start in range(0, len(heard), 50):
                    each.deliver(*heard[start : start + 50])
        raise AssertionError(f"services still have something to say after {rounds} rounds")

    def tick(self, **span: float) -> None:
        """Let time pass, run what is due, and carry what is said."""
        self.clock.advance(**span)
        for each in self.values():
            each.tick()
        self.settle()


class ConnectedPlatform(Platform):
    """The same, but events travel over a real broker: a relay and a worker for each service, in threads.

    Use as a context manager. `settle` waits until the books balance: each committed event is in the inbox of every
    reaction that hears it.
    """

    def __init__(self, installations: Installations, node: Broker, *names: str):
        super().__init__(installations, *names)
        self.node = node
        self.stop = threading.Event()
        self.failures: list[BaseException] = []
        self.runtimes: list[Runtime] = []

    def __enter__(self):
        services, url = [each.service for each in self.values()], urlsplit(self.node.management_url)
        passwords = dict.fromkeys(self, PASSWORDS["app"])
        plain = url._replace(netloc=f"{url.hostname}:{url.port}").geturl()
        wanted = broker.definitions(services, passwords)
        admin = {"user": url.username, "vhost": amqp.VHOST, "configure": ".*", "write": ".*", "read": ".*"}
        wanted["permissions"].append(admin)
        broker.sync(plain, wanted, url.username, url.password)
        self.threads = [self._thread(each, role) for each in self.values() for role in (relay.run, consumer.run)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(30)
        for runtime in self.runtimes:
            runtime.close()
        if self.failures:
            raise self.failures[0]

    def _thread(self, each: Harness, role) -> threading.Thread:
        at = urlsplit(self.node.amqp_url)
        who = f"{broker.user_of(each.service.name)}:{PASSWORDS['app']}"
        url = f"amqp://{who}@{at.hostname}:{at.port}/{quote(amqp.VHOST, safe='')}"
        runtime = Runtime(each.service, replace(each.settings, amqp_url=url), self.clock)
        self.runtimes.append(runtime)

        def live():
            try:
                role(runtime, self.stop)
            except BaseException as error:
                self.failures.append(error)

        return threading.Thread(target=live, name=f"{each.service.name} {role.__module__}", daemon=True)

    def missing(self) -> list[str]:
        """Effects that committed events have not had yet."""
        heard = {each.service.name: each.heard_events() for each in self.values()}
        return [
            f"{envelope.type} {envelope.id} → {consumer_name}"
            for each in self.values()
            for envelope in each.said()
            for name, listener in self.items()
            for reaction in listener.service.reactions_to(envelope.type)
            if (consumer_name := f"{name}.{reaction.name}", envelope.id) not in heard[name]
        ]

    def settle(self, seconds: float = 30) -> None:
        if not servers.comes_true(lambda: self.failures or not self.missing(), seconds):
            raise AssertionError(f"after {seconds} s still not heard: {self.missing()[:5]}")
        if self.failures:
            raise self.failures[0]

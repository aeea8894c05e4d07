"""Bring the platform up, step by step; whatever fails is named, and what was started is taken down again."""

import fcntl
import json
import ssl
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg

from chassis import amqp, servers
from deploy.local import packages, plan, supervise
from deploy.local.down import take_down
from deploy.local.words import Failed, say, step

PATIENCE = 120  # seconds for anything that starts


def up():
    plan.LOGS.mkdir(parents=True, exist_ok=True)
    with only_one():
        refuse_half_restored()
        here = plan.Plan.of_this_checkout()
        if supervise.is_running():
            return runs_already(here)
        began = time.monotonic()
        say(f"Linli on {here.address}", f"邻里：{here.address}")
        prepare(here)
        try:
            start_servers(here)
            migrate_databases(here)
            start_platform(here)
            seed_demo(here)
        except BaseException:
            take_down()
            raise
        say(
            f"\nLinli is up after {time.monotonic() - began:.0f} s: {here.address}",
            f"\n邻里已启动，用时 {time.monotonic() - began:.0f} 秒：{here.address}",
        )
        show_sign_ins()


@contextmanager
def only_one():
    """Two people who type `make up` at the same time must not start half a platform each."""
    with open(plan.LOCAL / "up.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed("another `make up` is under way here.", "此处已有另一个 `make up` 正在进行。") from None
        yield


def refuse_half_restored():
    if plan.RESTORING.exists():
        raise Failed(
            "a restore was interrupted here; `make restore FROM=…` again, or `make restore UNDO=1` to have back what was.",
            "此处有一次未完成的恢复：请重新执行 `make restore FROM=…`，或执行 `make restore UNDO=1` 还原到恢复之前。",
        )


def prepare(here):
    with step("packages", "软件包"):
        packages.ensure(plan.LOGS / "apt.log")
    with step("ports, secrets, settings", "端口、密钥与配置"):
        await_remains()
        plan.refuse_taken_ports(here.ports())
        here.write_settings()
        set_strange_data_aside(here)


def await_remains():
    """After a `kill -9` of supervisord its programs are still ending, in order; RabbitMQ takes some seconds."""
    if (plan.LOCAL / "supervisord.pid").exists() and not supervise.is_running():
        ports = plan.Plan.of_this_checkout().ports().values()
        servers.comes_true(lambda: all(map(servers.is_free, ports)), seconds=30)


def start_servers(here):
    """The broker's boot is the longest of all and wants most of the machine: it begins first, all else goes on beside it."""
    with step("PostgreSQL and databases", "PostgreSQL 与数据库"):
        supervise.write_config(here)
        supervise.start_supervisord()
        begin_broker(here)
        with ThreadPoolExecutor() as together:
            wait_for([together.submit(here.postgres.prepare), together.submit(supervise.warm)])
        supervise.start("servers:postgres")
        await_answer("postgres", here.postgres.answers)
        for service in here.services:
            servers.create_service_database(here.postgres.url(), service, here.passwords(service))


def begin_broker(here):
    """It boots with nobody but its administrator; exchanges and queues come when it answers."""
    here.rabbitmq.prepare()
    file = here.rabbitmq.definitions
    file.touch(mode=0o600)
    file.write_text(json.dumps({"vhosts": [{"name": amqp.VHOST}], **here.broker_administrator()}))
    supervise.start("servers:epmd")
    await_answer("epmd", here.rabbitmq.port_mapper.answers)
    supervise.start("servers:rabbitmq")


def migrate_databases(here):
    with step("migrations", "数据库迁移"):
        supervise.run_to_end(*(f"{service}-migrate" for service in here.services))


def start_platform(here):
    with step("RabbitMQ, services, edge", "RabbitMQ、各服务与网关"):
        background, others = supervise.platform(here)
        supervise.start(*others)  # a web role needs no broker
        await_answer("rabbitmq", here.rabbitmq.answers)
        supervise.run_to_end("topology")
        supervise.start(*background)
        until_nobody(lambda: unwell(here))


def seed_demo(here):
    if not seeded(here):
        with step("demo operators", "演示数据"):
            supervise.run_to_end("seed")
        with step("every service hears of them", "各服务同步演示数据"):
            wait_until_heard(here)


def set_strange_data_aside(here):
    """Root's data lies outside the checkout. Where the keys in `.local` are new, older data is unreadable."""
    data, mark = here.postgres.data_dir, here.postgres.data_dir.with_suffix(".installation")
    known = mark.read_text() if mark.exists() else ""
    if data.exists() and known != here.secrets["INSTALLATION"]:
        data.rename(data.with_suffix(f".{time.time():.0f}"))
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(here.secrets["INSTALLATION"])


def seeded(here):
    """Whether the demo operators are in, and `demo.json` names the address of today."""
    return plan.DEMO.exists() and json.loads(plan.DEMO.read_text())["base_url"] == here.address


def wait_until_heard(here):
    """Nothing waits. What was said and not heard, and does not wait in a queue either, is parked."""
    if not servers.comes_true(lambda: all_is_heard(here), seconds=900):
        raise Failed(
            f"{unsaid(here) + unheard(here)} events still wait after 15 minutes; `make logs` may say why.",
            f"15 分钟后仍有 {unsaid(here) + unheard(here)} 个事件未处理，可用 `make logs` 查看原因。",
        )


def all_is_heard(here):
    """Twice a second at most: who looks takes time from those who hear."""
    time.sleep(0.5)
    return not unsaid(here) and (not unheard(here) or queues_are_empty(here))


def unsaid(here):
    """Events that wait in an outbox."""
    waiting = "SELECT count(*) FROM outbox WHERE sent_at IS NULL AND parked_at IS NULL"
    count = 0
    for service in here.services:
        with psycopg.connect(here.postgres.url(service)) as database:
            count += database.execute(waiting).fetchone()[0]
    return count


def unheard(here):
    """Hearings that are still to come, by the databases: what was said to each reaction, less what its inbox holds."""
    from chassis.service import load  # takes a second, in which the broker has better things to do

    said = counted(here, here.services, "SELECT routing_key, count(*) FROM outbox GROUP BY 1")
    count = 0
    for service in here.services:
        heard = counted(here, [service], "SELECT consumer, count(*) FROM inbox GROUP BY 1")
        due = Counter()
        for type in said:
            for reaction in load(service).reactions_to(type):
                due[f"{service}.{reaction.name}"] += said[type]
        count += (due - heard).total()
    return count


def queues_are_empty(here):
    """Seen twice, because the broker counts every five seconds only."""
    import requests

    for pause in (6, 0):
        queues = requests.get(f"{here.management_url}/api/queues/{amqp.VHOST}", timeout=10).json()
        if any(queue.get("messages", 0) for queue in queues if not queue["name"].endswith(".parked")):
            return False
        time.sleep(pause)
    return True


def counted(here, services, query):
    counts = Counter()
    for service in services:
        with psycopg.connect(here.postgres.url(service)) as database:
            counts.update(dict(database.execute(query).fetchall()))
    return counts


def await_answer(program, answers):
    until_nobody(lambda: "" if answers() else program)


def until_nobody(is_silent):
    """Wait until no program is named any more; one that supervisord has given up, or that stays silent, is an error."""
    for _ in range(PATIENCE):
        if servers.comes_true(lambda: not is_silent(), seconds=1):
            return
        if given_up():
            break
    if name := given_up() or is_silent():
        log = plan.LOGS / f"{name}.log"
        raise Failed(
            f"{name} does not answer; all of it: {log}", f"{name} 没有应答，完整日志：{log}", servers.last_lines(log)
        )


def given_up():
    return next((name for name, each in supervise.states().items() if each["statename"] == "FATAL"), "")


def unwell(here):
    """The first program that is not well, seen through the front door; nothing when all are."""
    services = health(here.address).get("services")
    if services is None:
        return "edge"
    role = {"degraded": "background"}
    ill = (f"{name}-{role.get(each['status'], 'web')}" for name, each in services.items() if each["status"] != "ok")
    return next(ill, "")


def health(address):
    """What `/healthz` says; its status 503 says it too. Nothing while the edge is silent."""
    https = address.startswith("https")
    trusting = ssl._create_unverified_context() if https else None  # our own certificate on our own machine
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=5, context=trusting) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as answer:
        return json.load(answer) if answer.code == 503 else {}
    except (OSError, ValueError):
        return {}


def wait_for(futures):
    for future in futures:
        future.result()


def runs_already(here):
    say(
        f"Linli runs already: {here.address} (`make ps`, `make logs`, `make down`)",
        f"邻里已在运行：{here.address}（`make ps`、`make logs`、`make down`）",
    )
    show_sign_ins()


def show_sign_ins():
    """Who may sign in, as in `.local/demo.json`."""
    accounts = json.loads(plan.DEMO.read_text())["accounts"]
    say(f"Sign in as (also in {plan.DEMO}):", f"可用账号（亦见 {plan.DEMO}）：")
    for role, account in accounts.items():
        print(f"  {role:<16} {account['login']:<28} {account['password']}")

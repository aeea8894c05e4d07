"""What each process counts. Every figure has labels with few values: services, routes, reactions, jobs, outcomes."""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()
FROM_MS_TO_HOURS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)
HEARD = ("done", "retried", "parked")
SENT = ("sent", "unanswered", "returned", "parked")

http = Histogram("linli_http_seconds", "From request to answer", ["service", "method", "route", "status"])
handling = Histogram("linli_handling_seconds", "From delivery to commit of one batch", ["service"])
reaction = Histogram("linli_reaction_seconds", "One reaction to one event", ["service", "reaction"])
delay = Histogram("linli_event_delay_seconds", "From a fact to its effect here", ["service"], buckets=FROM_MS_TO_HOURS)
job = Histogram("linli_job_seconds", "One run of a job", ["service", "job", "outcome"], buckets=FROM_MS_TO_HOURS)
heard = Counter("linli_consumer_events", "Events taken from the queue, by what became of them", ["service", "outcome"])
sent = Counter("linli_relay_events", "Events given to the broker, by what became of them", ["service", "outcome"])
connections = Gauge(
    "linli_db_connections",
    "Connections of the processes' pools",
    ["service", "role", "state"],
    multiprocess_mode="livesum",
)
blocked = Gauge("linli_broker_blocked", "1 while the broker takes no messages: an alarm of disk or memory", ["link"])


def begin(service, roles) -> None:
    """Figures start at nought and not at nothing, so that a first failure is seen as a rise."""
    if "worker" in roles:
        handling.labels(service.name)
        delay.labels(service.name)
        for outcome in HEARD:
            heard.labels(service.name, outcome)
        for each in service.reactions:
            reaction.labels(service.name, each.name)
    if "relay" in roles:
        for outcome in SENT:
            sent.labels(service.name, outcome)
    if "clock" in roles:
        for each in service.jobs:
            job.labels(service.name, each.name, "done")
            job.labels(service.name, each.name, "failed")


def note_pools(runtime) -> None:
    """How many of the process's database connections are in use, and how many wait for work."""
    for role, engine in runtime.engines().items():
        name, busy = runtime.service.name, engine.pool.checkedout()
        connections.labels(name, role, "busy").set(busy)
        connections.labels(name, role, "idle").set(engine.pool.checkedin())

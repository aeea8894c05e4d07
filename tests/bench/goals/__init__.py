"""The goals of the performance design by number, and the function that measures each."""

from tests.bench.goals import effects, lists, relaying, writes

GOALS = {"1a": writes.peers, "1b": writes.limit, "1c": writes.gateway, "2a": lists.peers,
    "3": effects.promptness, "4": relaying.throughput,
}  # fmt: skip

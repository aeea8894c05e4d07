"""The goals of the performance design by number, and the function that measures each."""

from tests.bench.goals import boot, clocks, dumping, effects, growth, lists, relaying, searching, writes

GOALS = {
    "1a": writes.peers,
    "1b": writes.limit,
    "1c": writes.gateway,
    "2a": lists.peers,
    "2b": growth.depth,
    "2c": dumping.compiled,
    "3": effects.promptness,
    "4": relaying.throughput,
    "8a": boot.cold,
    "8b": boot.memory,
    "11a": searching.growth,
    "11b": clocks.passing,
}

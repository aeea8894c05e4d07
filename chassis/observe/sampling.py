"""Which traces are kept: those that begin at a door, or that a caller already keeps.

A relay that looks for work every second, or a clock, would otherwise begin a trace with each of its statements.
OTEL_TRACES_SAMPLER_ARG thins them out: 0.1 keeps a tenth.
"""

import os

from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import SpanKind

DOORS = (SpanKind.SERVER, SpanKind.CONSUMER)


class AtDoors(Sampler):
    """A new trace begins with a request or a message, and not with what a process does by itself."""

    def __init__(self, part: float):
        self.some = TraceIdRatioBased(part)

    def should_sample(self, parent_context, trace_id, name, kind=None, *rest, **more):
        chosen = self.some if kind in DOORS else ALWAYS_OFF
        return chosen.should_sample(parent_context, trace_id, name, kind, *rest, **more)

    def get_description(self) -> str:
        return f"AtDoors{{{self.some.rate}}}"


def sampler() -> Sampler:
    return ParentBased(AtDoors(float(os.environ.get("OTEL_TRACES_SAMPLER_ARG", "1"))))

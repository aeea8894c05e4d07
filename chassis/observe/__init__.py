"""What operations see: JSON log lines with one correlation id, figures for Prometheus, traces when OTLP is set.

`logs` the lines, `figures` what is counted, `depths` what is asked at each scrape, `folder` where several workers of one
server keep their counts, `spans` traces. deploy/observability/ holds the alerts and the dashboard that read them.
"""

from chassis.observe.depths import Build, Depths, Queues, serve_metrics
from chassis.observe.logs import SECRET, OneLine, configure_logging, hide_secrets, steps
from chassis.observe.spans import end_trace, span, trace

__all__ = [
    "SECRET",
    "Build",
    "Depths",
    "OneLine",
    "Queues",
    "configure_logging",
    "end_trace",
    "hide_secrets",
    "serve_metrics",
    "span",
    "steps",
    "trace",
]

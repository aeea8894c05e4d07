"""One door in front of all services: routes, limits, TLS, request ids, errors; and a few pages of its own."""

from gateway.edge.config import Missing, command, render, write
from gateway.edge.settings import Settings

__all__ = ["Missing", "Settings", "command", "render", "write"]

"""PostgreSQL and RabbitMQ as private servers, from this machine's own binaries.

Tests and `make up` use the same two classes. Nothing here touches a server that already runs on a standard port: data,
sockets, ports, node name and port mapper are all our own, and a server ends with the process that started it.
"""

from chassis.servers.places import (
    CHECKOUT,
    EPHEMERAL,
    DidNotStart,
    MissingPackages,
    data_dir,
    free_port,
    hash_of,
    is_free,
    own_folder,
    server_account,
    socket_dir,
)
from chassis.servers.postgres import (
    ROLES,
    Postgres,
    create_service_database,
    postgres_binaries,
    remove_scratch,
    scratch_label,
    scratch_postgres,
)
from chassis.servers.processes import Server, comes_true, end, last_lines, tied
from chassis.servers.rabbitmq import PortMapper, RabbitMQ, rabbitmq_server

__all__ = [
    "CHECKOUT",
    "EPHEMERAL",
    "ROLES",
    "DidNotStart",
    "MissingPackages",
    "PortMapper",
    "Postgres",
    "RabbitMQ",
    "Server",
    "comes_true",
    "create_service_database",
    "data_dir",
    "end",
    "free_port",
    "hash_of",
    "is_free",
    "last_lines",
    "own_folder",
    "postgres_binaries",
    "rabbitmq_server",
    "remove_scratch",
    "scratch_label",
    "scratch_postgres",
    "server_account",
    "socket_dir",
    "tied",
]

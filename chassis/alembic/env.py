"""Alembic's environment, one for all services: `chassis.migrations.migrate` hands in the connection and the service."""

from alembic import context

config = context.config
context.configure(connection=config.attributes["connection"], target_metadata=config.attributes["metadata"])
with context.begin_transaction():
    context.run_migrations()

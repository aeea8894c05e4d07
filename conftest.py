"""Fixtures of every test in the repository come from the chassis."""

pytest_plugins = ["chassis.testing"]

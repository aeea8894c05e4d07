"""`python -m chassis` is the `linli` command, where nothing is installed but the code."""

from chassis.cli import main

main(prog_name="linli")

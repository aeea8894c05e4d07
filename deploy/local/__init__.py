"""The whole platform on one machine, without Docker: `make up down ps logs`."""

"""Ways to run Linli: on this machine without Docker (`local`), and in containers (`compose.yaml`)."""

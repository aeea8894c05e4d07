"""How much of each fault: a little in `make test`, in full in `make faults`."""

import os

LONG = bool(os.environ.get("FAULTS"))
ROUNDS = int(os.environ.get("ROUNDS") or (50 if LONG else 2))
FEW = 1  # rounds without protection: one is enough to be noticed
MINUTES = float(os.environ.get("MINUTES") or 10)

"""Made-up tickets: a plausible past for the demo estates, and load of any size."""

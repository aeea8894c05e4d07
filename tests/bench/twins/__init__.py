"""The peers: the same work as the tickets service does, as engineers of other frameworks would write it."""

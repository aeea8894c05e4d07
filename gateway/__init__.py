"""What the world meets: the edge (nginx and its pages), later the portal. It calls services and owns no data."""

"""What the world meets: the edge (nginx and its pages), later the portal. It calls the services' APIs and owns no data."""

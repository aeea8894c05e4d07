"""JSON in and out, by room."""

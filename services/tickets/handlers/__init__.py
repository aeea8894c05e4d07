"""What people can do with tickets, by act."""

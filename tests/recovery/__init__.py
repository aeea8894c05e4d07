"""Backup, restore and upgrade: what may be lost, and what may not."""

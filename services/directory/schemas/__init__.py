"""JSON in and out: what each body may say, and what each view shows to whom."""

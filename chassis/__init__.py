"""What every Linli service stands on: units of work, events, HTTP, time and tenancy. It knows no service."""

VERSION = "0.1.0"

"""Movements, charges and reports are compared to the penny: on demand, nightly, and before a month is closed."""

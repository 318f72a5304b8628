"""Whether orders and collections come in time."""

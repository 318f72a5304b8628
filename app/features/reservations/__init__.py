"""Reservations: items kept for clients on dates, and the worker's acts on them."""

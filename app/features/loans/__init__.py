"""Reservations, loans, trials and collections."""

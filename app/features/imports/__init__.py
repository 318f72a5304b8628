"""Bringing catalogue, items and clients in from files."""

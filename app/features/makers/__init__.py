"""Makers' other names over time, by which safety notices find what was sold under them."""

"""Months that close, one after the other, for good."""

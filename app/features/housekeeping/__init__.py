"""Keeping small what belongs to no feature: requests that were answered, and the queue's own log."""

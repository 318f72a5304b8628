"""Repairs: what they cost and whether they are worth it, the parts fitted, the parts bin."""

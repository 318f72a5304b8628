"""Consignments between stores, by scan; minimum levels, and what would fill them."""

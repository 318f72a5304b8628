"""Scrap requests that another person decides, and what was scrapped without the reference of its waste."""

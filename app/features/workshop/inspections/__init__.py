"""Inspections: recorded, corrected, due, planned at home; reports of thorough examination and what follows."""

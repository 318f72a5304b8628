"""Specialist equipment panels: cases, meetings, decisions."""

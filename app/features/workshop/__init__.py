"""Decontamination, inspection, repair and release."""

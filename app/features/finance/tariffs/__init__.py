"""Dated rates: what there is, beginning, replacing and ending one, and what something would cost by them."""

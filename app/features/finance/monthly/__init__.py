"""The sums of charges by month: made again while a month is open, kept once it is closed (ADR 52)."""

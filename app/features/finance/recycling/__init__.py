"""What recycling saves: the four named rates, and what new equipment would have cost."""

"""People who are lent equipment."""

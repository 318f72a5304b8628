"""The outside world, one file each: what we ask of it, and the ways to have it done."""

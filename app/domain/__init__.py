"""What the business says, as data and pure functions: no SQL, no HTTP, no clock, no randomness, no await."""

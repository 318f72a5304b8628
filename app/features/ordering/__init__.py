"""Orders: made, submitted, signed, allocated, sent out and delivered."""

"""Stop-use notices: word to a client's care provider that an item must not be used any more."""

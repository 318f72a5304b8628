"""Messages to people: what one was told, what was sent to others, and the sending itself."""

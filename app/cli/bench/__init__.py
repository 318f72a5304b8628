"""`stores bench …`: how fast it is on a register of a large service. It works on a database of its own."""

"""Collections: what is fetched from clients, when, from whom, and what else was found there."""

"""Who pays: the funders, the split of an order, disputes about it, and what a person adds of their own wish."""

"""Budgets of funders and teams by financial year: kept, compared with the books, and told of."""

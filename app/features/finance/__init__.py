"""Money: rates, charges, periods, who pays, budgets, and the reports of all of it."""

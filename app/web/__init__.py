"""What every page and route shares. Verbs of the business live in `features`, never here."""

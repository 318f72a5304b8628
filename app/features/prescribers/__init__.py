"""Who may order and authorise what: teams, prescribers and the lending of their authority."""

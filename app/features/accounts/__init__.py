"""People who sign in: accounts, sign-ins and the audit trail's page."""

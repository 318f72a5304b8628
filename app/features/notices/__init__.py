"""Safety notices: received from GOV.UK, from a file or by hand, triaged, and what the organisation does about them."""

"""Reports of money that reconcile with the charges: costs by what they are counted under, and what is still to come."""

"""The lines of the charges: finding them, taking a charge back, and pricing what had no rate."""

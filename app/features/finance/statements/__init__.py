"""What a funder pays for a month, as a document to hand to it."""

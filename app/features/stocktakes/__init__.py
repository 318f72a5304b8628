"""Stocktakes: counting a store or a bay by scan, and putting right what differs."""

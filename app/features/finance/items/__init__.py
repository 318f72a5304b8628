"""The whole-life ledger of an item: what it cost, whom, for how many nights of use."""

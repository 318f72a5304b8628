"""Everything of finance as files: the lines of a period, the journal for the general ledger, and any report."""

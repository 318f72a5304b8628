"""Where the money goes, drawn: charts over months with their tables and files."""

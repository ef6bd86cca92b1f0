"""A manager's first page, and the counts of days it is read from."""

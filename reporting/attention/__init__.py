"""The inbox of what is stuck. Nothing of it is kept: every look asks the rows themselves."""

"""Papers: what they say, how they are drawn, and that they were printed."""

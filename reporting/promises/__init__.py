"""The promise audit: what was promised, what happened, and what it costs."""

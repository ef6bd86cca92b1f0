"""Plays the marketplace's whole contract against a running portal, before real orders do."""

"""Our numbers against the marketplace's own order documents."""

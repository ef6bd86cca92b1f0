"""How dates and times are written, where Django's own way misleads: by language."""

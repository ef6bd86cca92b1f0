"""What the portal is measured against. None of this is part of the portal."""

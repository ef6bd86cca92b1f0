"""The portal with the guard of its stock taken out, for the control of `proofs.stock` alone.

What is free is read without a lock, and has grown a little old when the units are taken, as it does
on a busy machine. The portal itself has no switch for this.
"""

from __future__ import annotations

from config.wsgi import application
from sellers import stock

__all__ = ["application"]

_LOCK = "ORDER BY id FOR NO KEY UPDATE"
_LOOK = "FROM shelf JOIN"
if _LOCK not in stock._HOLD or _LOOK not in stock._HOLD:
    raise LookupError("The guard is not where it was: this control would prove nothing.")
stock._HOLD = stock._HOLD.replace(_LOCK, "").replace(_LOOK, "FROM pg_sleep(0.05), shelf JOIN")

"""The answer to a cart, from a snapshot and the time: pure."""

from simulation.freight import destination, find_rate
from simulation.sourcing import source, without

__all__ = ["destination", "find_rate", "source", "without"]

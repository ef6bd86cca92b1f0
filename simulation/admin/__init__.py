"""The admin screens of the simulation: why an answer is what it is, now and at 14:02."""

from simulation.admin import recorded

__all__ = ["recorded"]

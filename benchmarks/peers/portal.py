"""The portal's view, without the portal's middleware."""

from simulation.views import simulation

__all__ = ["simulation"]

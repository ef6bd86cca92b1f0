"""The ordinary peer: what a good team usually writes. REST framework, nested serializers, models.

Related rows are prefetched, so the number of queries does not grow with the cart.
"""

from benchmarks.peers.ordinary.views import simulation

__all__ = ["simulation"]

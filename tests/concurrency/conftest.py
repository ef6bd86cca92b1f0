from tests.orders.conftest import _compiled_anew, acme, vtex

__all__ = ["_compiled_anew", "acme", "vtex"]

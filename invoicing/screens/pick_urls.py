"""The picking screens' addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from invoicing.screens import picking
from invoicing.screens.pick_paper import paper
from invoicing.screens.pick_print import printed
from invoicing.screens.pick_start import start


def pick_urls(inside: Callable[..., Any]) -> list[URLPattern]:
    """`inside` is the admin's sign-in."""
    return [
        path("picking/", inside(picking.overview), name="pick_lists"),
        path("picking/start/", inside(start), name="pick_start"),
        path("picking/<int:pk>/", inside(picking.walk), name="pick_list"),
        path("picking/<int:pk>/state/", inside(picking.state), name="pick_state"),
        path("picking/<int:pk>/do/", inside(picking.gesture), name="pick_do"),
        path("picking/<int:pk>/paper/", inside(paper), name="pick_paper"),
        path("picking/<int:pk>/print/", inside(printed), name="pick_print"),
    ]

"""The counting screens' addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from invoicing.screens import counting


def count_urls(inside: Callable[..., Any]) -> list[URLPattern]:
    """`inside` is the admin's sign-in."""
    return [
        path("counts/", inside(counting.desk), name="stock_counts"),
        path("counts/<int:pk>/", inside(counting.count), name="stock_count"),
        path("counts/<int:pk>/state/", inside(counting.state), name="stock_count_state"),
        path("counts/<int:pk>/do/", inside(counting.gesture), name="stock_count_do"),
    ]

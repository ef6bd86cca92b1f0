"""Two imports of one seller at the same time, against real PostgreSQL."""

from __future__ import annotations

import contextlib
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from sellers.models import SellerAccount, Sku, StockMovement
from sellers.seller_file import importing
from sellers.seller_file.connecting import connect
from tests.concurrency.racing import together
from tests.sellers.seller_files import a_seller_file

pytestmark = pytest.mark.django_db(transaction=True)


def load_twice(monkeypatch: pytest.MonkeyPatch, *, patience: float) -> list[Any]:
    """Each waits for the other, right before the first row is written."""
    barrier = Barrier(2)

    def meet_then_connect(*args: Any) -> Any:
        with contextlib.suppress(BrokenBarrierError):
            barrier.wait(timeout=patience)
        return connect(*args)

    monkeypatch.setattr(importing, "connect", meet_then_connect)
    return together([load, load])


def load() -> int:
    return importing.import_seller(a_seller_file(), now=timezone.now()).changed


def test_two_imports_of_one_seller_take_turns(monkeypatch: pytest.MonkeyPatch):
    changed = load_twice(monkeypatch, patience=0.5)

    assert sorted(changed) == [0, max(changed)]
    assert (SellerAccount.objects.count(), Sku.objects.count()) == (1, 2)
    assert StockMovement.objects.count() == 2


def test_control_without_turns_one_import_fails(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importing, "_take_turns", lambda slug: None)

    ends = load_twice(monkeypatch, patience=60)
    failed = [end for end in ends if isinstance(end, IntegrityError)]

    assert len(failed) == 1

"""A replaced endpoint key goes on quoting until its time is over, at no cost to the others."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from sellers import endpoint_keys
from sellers.models import SellerAccount
from simulation import snapshot
from tests.simulation.stage import KEY, address, open_shop

pytestmark = pytest.mark.django_db

CART = {"items": [{"id": "mug", "quantity": 1, "seller": "acme01"}]}


def quoted(client: Client, key: str) -> int:
    return client.post(address(key), CART, content_type="application/json").status_code


def test_quotes_at_the_former_address_until_its_time_is_over(client: Client) -> None:
    account = open_shop(timezone.now())
    endpoint_keys.replace(account, former_answers_for=timedelta(hours=1), now=timezone.now())
    assert (quoted(client, account.endpoint_key), quoted(client, KEY)) == (200, 200)
    SellerAccount.objects.update(old_endpoint_key_until=timezone.now() - timedelta(seconds=1))
    assert (quoted(client, account.endpoint_key), quoted(client, KEY)) == (200, 404)


def test_stops_quoting_at_once_at_an_address_that_became_known(client: Client) -> None:
    account = open_shop(timezone.now())
    endpoint_keys.replace(account, former_answers_for=timedelta(0), now=timezone.now())
    assert (quoted(client, account.endpoint_key), quoted(client, KEY)) == (200, 404)


def test_finds_the_account_by_index_under_either_key() -> None:
    now = timezone.now()
    SellerAccount.objects.bulk_create(_neighbours(2000))
    open_shop(now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sellers_selleraccount")
        cursor.execute(f"EXPLAIN (GENERIC_PLAN) {snapshot._SQL}")
        plan = "\n".join(row for (row,) in cursor.fetchall())
    assert "Seq Scan on sellers_selleraccount" not in plan, plan


def _neighbours(count: int) -> list[SellerAccount]:
    until = datetime.max.replace(year=2100, tzinfo=timezone.get_current_timezone())
    return [
        SellerAccount(
            slug=f"n{number}",
            name="n",
            seller_id=f"n{number}",
            marketplace_account="bigstore",
            marketplace_url="https://bigstore.vtexcommercestable.com.br",
            old_endpoint_key=f"former{number:016d}",
            old_endpoint_key_until=until,
        )
        for number in range(count)
    ]

"""The endpoint key names the account; its key and token, when configured, prove the caller."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.builders import a_placement
from tests.orders.conftest import error_of, everything

PATHS = ["/pvt/orders", "/pvt/orders/R-X/fulfill", "/pvt/orders/R-X/cancel"]
KEY, TOKEN = "vtexappkey-acme", "the-inbound-token"


@pytest.fixture
def guarded(acme, vtex):
    acme.inbound_app_key, acme.inbound_app_token = KEY, TOKEN
    acme.save()
    return vtex


@pytest.mark.parametrize("path", [*PATHS, "/hook"])
@pytest.mark.parametrize("endpoint", ["A" * 22, "short", "not-letters-and-digits-only"])
def test_knows_nobody_at_another_endpoint_key(vtex, path, endpoint):
    answer = Client().post(
        f"/api/{endpoint}{path}", data=b"not json", content_type="application/json"
    )
    assert answer.status_code == 404
    error_of(answer)


@pytest.mark.parametrize("path", PATHS)
def test_does_not_answer_for_a_paused_account(vtex, acme, path):
    acme.is_active = False
    acme.save()
    assert vtex.post(path, {}).status_code == 404


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": f'VTEX key="{KEY}" token="wrong"'},
        {"Authorization": f'VTEX key="wrong" token="{TOKEN}"'},
        {"Authorization": "VTEX"},
        {"Authorization": f"Bearer {TOKEN}"},
        {"X-VTEX-API-AppKey": KEY},
        {"X-VTEX-API-AppToken": TOKEN},
        {"X-VTEX-API-AppKey": KEY, "X-VTEX-API-AppToken": "ü"},
    ],
)
def test_refuses_missing_and_wrong_credentials_before_the_body_is_read(guarded, path, headers):
    before = everything()
    answer = guarded.post(path, b"this is not even JSON", **headers)
    assert answer.status_code == 401
    error_of(answer)
    assert everything() == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f'VTEX key="{KEY}" token="{TOKEN}"'},
        {"Authorization": f"vtex key={KEY},token={TOKEN}"},
        {"X-VTEX-API-AppKey": KEY, "X-VTEX-API-AppToken": TOKEN},
    ],
)
def test_accepts_either_form_of_the_right_credentials(guarded, headers):
    answer = guarded.place(a_placement(), **headers)
    assert answer.status_code == 200
    assert json.loads(answer.content)[0]["orderId"]


def test_answers_at_the_former_endpoint_key_until_its_time_is_over(acme, vtex):
    acme.old_endpoint_key = acme.endpoint_key
    acme.endpoint_key = "N" * 22
    acme.old_endpoint_key_until = timezone.now() + timedelta(hours=1)
    acme.save()
    assert vtex.place(a_placement()).status_code == 200
    acme.old_endpoint_key_until = timezone.now() - timedelta(seconds=1)
    acme.save()
    assert vtex.place(a_placement()).status_code == 404

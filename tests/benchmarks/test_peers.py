"""The peers that the simulation is measured beside do the same work: they answer the same."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory

from benchmarks import agreement
from benchmarks.bulk import steps_of
from benchmarks.carts import Question
from benchmarks.dataset import account_of
from benchmarks.peers import settings as peers_settings
from benchmarks.shape import key_of

SKUS, RANGES, CARTS = 20, 4, 5


@pytest.mark.django_db
@pytest.mark.parametrize("items", [1, 4])
@pytest.mark.parametrize("peer", ["careful", "ordinary"])
def test_a_peer_answers_as_the_portal_does(
    settings: Any, client: Client, peer: str, items: int
) -> None:
    for step in steps_of(account_of(SKUS), SKUS, ranges=RANGES):
        with connection.cursor() as cursor:
            cursor.execute(step.sql, step.params)
    settings.REST_FRAMEWORK = peers_settings.REST_FRAMEWORK
    view: Callable[..., Any] = import_module(f"benchmarks.peers.{peer}").simulation
    question = Question(SKUS, items)
    for body in question.bodies()[:CARTS]:
        mine = client.post(question.path, body, content_type="application/json")
        theirs = view(_request(question.path, body), endpoint_key=key_of(SKUS))
        assert mine.json()["items"]
        agreement.check("portal", mine.content, peer, _content(theirs))


def _request(path: str, body: bytes) -> HttpRequest:
    return RequestFactory().post(path, body, content_type="application/json")


def _content(response: Any) -> bytes:
    return bytes(response.render().content if hasattr(response, "render") else response.content)

"""Both ways of telling the marketplace about an order, and where its endpoints may lead."""

from __future__ import annotations

import pytest
import requests
import responses

from sellers.marketplace import dialects
from sellers.marketplace.destinations import Misdirected, url_of
from sellers.models import OutboxMessage, SellerAccount
from tests.sellers.outbound import (
    HOST,
    INVOICE_URL,
    ORDER,
    RECEIPT,
    Hands,
    Kind,
    Status,
    an_account,
    now_of,
    outcomes,
    promise,
    run,
)

ENDPOINT = "https://services.example.com/api/oms?an=bigstore"
TAILS = {
    Kind.START_HANDLING: "/start-handling",
    Kind.INVOICE: "/invoice",
    Kind.TRACKING: "/invoice/NF-1",
    Kind.TRACKING_EVENTS: "/invoice/NF-1/tracking",
    Kind.CANCEL: "/cancel",
    Kind.CANCEL_RETURNED: "/cancel",
}


def the_call(kind: OutboxMessage.Kind, *, dialect: str, endpoint: str = ENDPOINT) -> dialects.Call:
    return dialects.call(
        kind,
        account=SellerAccount(dialect=dialect),
        marketplace_order_id=ORDER,
        services_endpoint=endpoint,
        invoice_number="NF-1",
    )


def at(base_url: str, *, hosts: str = "", own: str = HOST) -> str:
    account = SellerAccount(marketplace_url=own, services_hosts=hosts)
    path = f"/pvt/orders/{ORDER}/invoice"
    return url_of(account=account, path=path, base_url=base_url)


@pytest.mark.parametrize("kind", sorted(TAILS.keys() - {Kind.START_HANDLING}))
def test_the_services_endpoint_takes_posts_below_itself(kind: OutboxMessage.Kind) -> None:
    call = the_call(kind, dialect="services")
    assert call == ("POST", f"/pvt/orders/{ORDER}{TAILS[kind]}", ENDPOINT)


@pytest.mark.parametrize("kind", TAILS)
def test_the_order_system_has_its_own_path_and_methods(kind: OutboxMessage.Kind) -> None:
    methods = {Kind.TRACKING: "PATCH", Kind.TRACKING_EVENTS: "PUT"}
    call = the_call(kind, dialect="oms")
    assert call == (methods.get(kind, "POST"), f"/api/oms/pvt/orders/{ORDER}{TAILS[kind]}", "")


def test_the_start_of_handling_is_told_the_order_system_which_alone_takes_it() -> None:
    call = the_call(Kind.START_HANDLING, dialect="services")
    assert call == the_call(Kind.START_HANDLING, dialect="oms")


def test_an_order_without_an_endpoint_is_answered_at_the_order_system() -> None:
    call = the_call(Kind.TRACKING, dialect="services", endpoint="")
    assert call == the_call(Kind.TRACKING, dialect="oms")


def test_the_path_goes_before_the_endpoint_s_own_query() -> None:
    expected = f"https://services.example.com/api/oms/pvt/orders/{ORDER}/invoice?an=bigstore"
    assert at(ENDPOINT, hosts="services.example.com") == expected
    assert at(f"{HOST}/api/oms?an=b") == f"{HOST}/api/oms/pvt/orders/{ORDER}/invoice?an=b"
    assert at(ENDPOINT, hosts="other.example SERVICES.example.com") == expected


@pytest.mark.parametrize(
    "endpoint",
    [
        ENDPOINT,
        "https://services.example.com:8443/api/oms",
        "https://listed.example.com.evil.example/api/oms",
        "https://listed.example.com@evil.example/api/oms",
        "https://bigstore.vtexcommercestable.com.br.evil.example/",
        "http://listed.example.com/api/oms",
        "ftp://listed.example.com/",
        "//listed.example.com/",
        "not an address",
    ],
)
def test_no_other_host_is_ever_called(endpoint: str) -> None:
    with pytest.raises(Misdirected):
        at(endpoint, hosts="listed.example.com")


@pytest.mark.django_db
@responses.activate
def test_an_order_with_a_strange_endpoint_needs_attention_and_stops_no_other() -> None:
    acme = an_account(dialect="services")
    path = f"/pvt/orders/{ORDER}/invoice"
    strange = promise(acme, path=path, base_url="https://evil.example/api/oms")
    other = promise(acme, subject="2-01", path="/pvt/orders/2-01/invoice", base_url=f"{HOST}/oms")
    responses.post(f"{HOST}/oms/pvt/orders/2-01/invoice", json=RECEIPT)
    run(Hands())
    assert (now_of(strange).status, outcomes(strange)) == (
        Status.REJECTED,
        [("misdirected", None)],
    )
    assert now_of(other).status == Status.DELIVERED
    assert [call.request.url for call in responses.calls] == [f"{HOST}/oms/pvt/orders/2-01/invoice"]


@pytest.mark.django_db
@responses.activate
def test_once_the_host_is_listed_the_message_goes_there_with_the_credentials() -> None:
    acme = an_account(services_hosts="services.example.com")
    responses.post(f"https://services.example.com/api/oms/pvt/orders/{ORDER}/cancel", json=RECEIPT)
    path = f"/pvt/orders/{ORDER}/cancel"
    message = promise(acme, kind=Kind.CANCEL, path=path, base_url=ENDPOINT)
    run(Hands())
    assert now_of(message).status == Status.DELIVERED
    request = responses.calls[0].request
    assert request.url and request.url.endswith("/cancel?an=bigstore")
    assert request.headers["X-VTEX-API-AppKey"] == "acme-key"


@pytest.mark.django_db
@responses.activate
def test_an_order_is_read_at_the_account_s_own_marketplace() -> None:
    """What ended unknown is looked up before it is sent again."""
    acme = an_account(services_hosts="services.example.com")
    url = f"https://services.example.com/api/oms/pvt/orders/{ORDER}/invoice"
    responses.post(url, body=requests.ConnectionError("dropped"))
    responses.get(INVOICE_URL.removesuffix("/invoice"), json={"packageAttachment": {}})
    responses.post(url, json=RECEIPT)
    message = promise(acme, path=f"/pvt/orders/{ORDER}/invoice", base_url=ENDPOINT)
    clock = Hands()
    run(clock)
    clock.move(hours=1)
    run(clock)
    assert now_of(message).status == Status.DELIVERED
    assert [call.request.method for call in responses.calls] == ["POST", "GET", "POST"]

"""The radar by e-mail: once an hour that was asked for, and without a word about anybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from smtplib import SMTPServerDisconnected
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from reporting.radar import digest
from reporting.tasks import send_digest
from tests.admin.conftest import PERSONAL, PRICES
from tests.admin.conftest import scene as scene
from tests.builders import a_seller, an_order
from tests.reporting.stuck import STUCK, stuck

SEVEN = datetime(2026, 3, 11, 7, 4, tzinfo=ZoneInfo("America/Sao_Paulo"))


@pytest.fixture(autouse=True)
def _somebody_is_told(settings, db: None) -> None:
    settings.ATTENTION_EMAILS = ["boss@example.com"]
    settings.ATTENTION_EMAIL_HOURS = [7]
    settings.PORTAL_URL = "https://portal.example.com"
    a_seller(app_key="")


def test_tells_how_many_for_which_cause_and_where_to_look():
    an_order(due_at=SEVEN - timedelta(hours=2))
    an_order(due_at=SEVEN - timedelta(days=3))
    assert digest.send_due(now=SEVEN)
    [sent] = mail.outbox
    assert sent.to == ["boss@example.com"]
    assert sent.body.splitlines() == [
        "2 × Late: its hand-over time is past (for 3\xa0days)",
        "",
        "https://portal.example.com/admin/attention/",
        "https://portal.example.com/admin/radar/",
    ]


def test_is_sent_once_in_its_hour_and_in_no_other():
    an_order(due_at=SEVEN - timedelta(hours=2))
    moments = (SEVEN - timedelta(hours=1), SEVEN, SEVEN + timedelta(minutes=5))
    assert [digest.send_due(now=moment) for moment in moments] == [False, True, False]
    assert not digest.send_due(now=SEVEN + timedelta(hours=1))
    assert digest.send_due(now=SEVEN + timedelta(days=1))
    assert len(mail.outbox) == 2


def test_a_shop_where_nothing_is_stuck_gets_no_mail():
    assert not digest.send_due(now=SEVEN)
    assert mail.outbox == []


def test_is_not_sent_without_addresses(settings):
    settings.ATTENTION_EMAILS = []
    an_order(due_at=SEVEN - timedelta(hours=2))
    assert not digest.send_due(now=SEVEN)
    assert not send_digest()


def test_a_mail_server_that_is_away_is_tried_again_within_the_hour(monkeypatch):
    an_order(due_at=SEVEN - timedelta(hours=2))

    def away(*args):
        raise SMTPServerDisconnected

    with monkeypatch.context() as patch:
        patch.setattr(EmailBackend, "send_messages", away)
        assert not digest.send_due(now=SEVEN)
    assert digest.send_due(now=SEVEN + timedelta(minutes=5))


def test_says_nothing_of_persons_orders_or_amounts(scene):
    now = timezone.now()
    orders = [stuck(cause, now=now) for cause in STUCK]
    assert digest.send(now=now)
    [sent] = mail.outbox
    assert len(sent.body.splitlines()) > len(STUCK)
    ids = [order.marketplace_order_id for order in orders if order]
    assert not [word for word in (*PERSONAL, *PRICES, *ids, "R$") if word in sent.body]

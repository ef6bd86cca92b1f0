"""Reports by e-mail: when they are due, who gets them, as a file or as a link."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import translation

from jobs.models import Job
from jobs.running import run_due
from reporting import mailing, scheduling
from reporting.models import ReportLetter, ReportSchedule
from sellers.models import User
from tests.builders import a_seller, an_order, staff

ADD = reverse("admin:reporting_reportschedule_add")
#: A Wednesday, 09:00 in São Paulo.
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
Status = ReportLetter.Status


@pytest.fixture(autouse=True)
def _one_place(tmp_path: Any, settings: Any) -> Any:
    settings.MEDIA_ROOT = str(tmp_path)
    settings.PORTAL_URL = "https://portal.example.com"
    with translation.override("en"):
        yield


@pytest.fixture
def boss(db: None) -> User:
    a_seller()
    return staff("boss", role="Manager", email="boss@example.com", language="en")


def _schedule(*recipients: User, **facts: Any) -> ReportSchedule:
    schedule = ReportSchedule(
        **{
            "name": "Open orders",
            "report": "mapping",
            "asked": {"status": "open"},
            "format": "csv",
            "language": "en",
            "cadence": "daily",
            "hour": 7,
            "next_at": NOW,
        }
        | facts
    )
    schedule.save()
    schedule.recipients.set(recipients)
    return schedule


@pytest.mark.parametrize(
    ("cadence", "facts", "due"),
    [
        ("daily", {"hour": 9}, "2026-03-05T12:00Z"),
        ("daily", {"hour": 10}, "2026-03-04T13:00Z"),
        ("weekly", {"weekday": 0}, "2026-03-09T10:00Z"),
        ("weekly", {"weekday": 2, "hour": 10}, "2026-03-04T13:00Z"),
        ("weekly", {"weekday": 2}, "2026-03-11T10:00Z"),
        ("monthly", {"day": 28}, "2026-03-28T10:00Z"),
        ("monthly", {"day": 4}, "2026-04-04T10:00Z"),
    ],
)
def test_comes_at_its_hour_on_the_clocks_of_the_account(db, cadence, facts, due):
    a_seller()
    schedule = ReportSchedule(cadence=cadence, **{"hour": 7, **facts})
    assert scheduling.next_after(schedule, NOW) == datetime.fromisoformat(due)


def _sent(*, now: datetime = NOW) -> list[Any]:
    """What the periodic task does: asks, works, sends."""
    scheduling.ask_due(now=now)
    run_due(clock=lambda: now, seconds=600)
    mailing.send_ready(now=now)
    return mail.outbox


def test_is_made_when_due_and_sent_to_each_with_the_file(boss: User):
    order = an_order()
    mia = staff("mia", role="Manager", email="mia@example.com", language="pt-br")
    schedule = _schedule(boss, mia)
    first, second = _sent()
    assert (first.to, second.to) == (["boss@example.com"], ["mia@example.com"])
    assert first.subject == "Open orders · Seller portal"
    ((name, content, kind),) = first.attachments
    assert name.startswith("mapping-2026-03-04-1.") and kind == "text/csv"
    assert order.marketplace_order_id in content
    assert "Rows: 1" in first.body and "Linhas: 1" in second.body
    assert {one.status for one in schedule.letters.all()} == {Status.SENT}
    schedule.refresh_from_db()
    assert schedule.next_at == datetime(2026, 3, 5, 10, tzinfo=UTC)


def test_is_sent_once_however_often_it_is_looked_for(boss: User):
    _schedule(boss)
    _sent()
    _sent()
    assert len(mail.outbox) == 1
    _sent(now=NOW + timedelta(days=1))
    assert len(mail.outbox) == 2


def test_two_that_ask_at_once_ask_once(boss: User):
    stale = _schedule(boss)
    assert scheduling.ask_due(now=NOW) == 1
    assert scheduling._ask(stale, now=NOW) is False
    assert Job.objects.count() == 1


def test_one_that_was_stopped_or_is_not_due_is_not_made(boss: User):
    _schedule(boss, is_active=False)
    _schedule(boss, next_at=NOW + timedelta(minutes=1))
    assert scheduling.ask_due(now=NOW) == 0


def test_a_moving_period_is_that_of_the_day_it_is_made(boss: User):
    yesterday = an_order(placed_at=NOW - timedelta(days=1))
    an_order(placed_at=NOW)
    _schedule(boss, asked={"span": "yesterday"})
    content = _sent()[0].attachments[0][1]
    assert yesterday.marketplace_order_id in content
    assert "Placed: yesterday" in content


def test_a_large_file_is_a_link_for_its_recipient_alone(boss: User, monkeypatch: Any):
    monkeypatch.setattr(mailing, "ATTACHED_UP_TO", 10)
    an_order()
    schedule = _schedule(boss)
    (message,) = _sent()
    assert message.attachments == []
    address = reverse("admin:report_letter", args=[schedule.letters.get().pk])
    assert f"https://portal.example.com{address}" in message.body
    theirs, other = Client(), Client()
    theirs.force_login(boss)
    other.force_login(staff("olga", role="Manager", email="olga@example.com"))
    answer = theirs.get(address)
    assert answer.status_code == 200
    assert "SHA-256" in b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert other.get(address).status_code == 404
    boss.groups.clear()
    assert theirs.get(address).status_code in (403, 404)


def test_who_may_no_longer_see_money_gets_nothing(boss: User):
    mia = staff("mia", role="Manager", email="mia@example.com")
    schedule = _schedule(boss, mia)
    scheduling.ask_due(now=NOW)
    mia.groups.clear()
    run_due(clock=lambda: NOW, seconds=600)
    mailing.send_ready(now=NOW)
    assert [message.to for message in mail.outbox] == [["boss@example.com"]]
    assert schedule.letters.get(recipient=mia).status == Status.REFUSED


def test_a_mail_server_that_is_down_is_tried_again(boss: User, monkeypatch: Any):
    schedule = _schedule(boss)

    def down(_message: Any) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", down)
        assert _sent() == []
        assert mailing.send_ready(now=NOW + timedelta(minutes=1)) == 0
    assert mailing.send_ready(now=NOW + mailing.PATIENCE) == 1
    letter = schedule.letters.get()
    assert (letter.status, letter.tries) == (Status.SENT, 2)


def test_gives_up_a_server_that_stays_down(boss: User, monkeypatch: Any):
    schedule = _schedule(boss)
    scheduling.ask_due(now=NOW)
    run_due(clock=lambda: NOW, seconds=600)

    def down(_message: Any) -> int:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", down)
    for later in range(mailing.MOST_TRIES + 2):
        mailing.send_ready(now=NOW + mailing.PATIENCE * later)
    letter = schedule.letters.get()
    assert (letter.status, letter.tries) == (Status.FAILED, mailing.MOST_TRIES)


def test_a_report_that_could_not_be_made_is_told(boss: User):
    schedule = _schedule(boss)
    scheduling.ask_due(now=NOW)
    Job.objects.update(params={"report": "gone", "format": "csv", "asked": {}, "now": ""})
    run_due(clock=lambda: NOW, seconds=600)
    mailing.send_ready(now=NOW)
    assert "It could not be made" in mail.outbox[0].body
    assert schedule.letters.get().status == Status.SENT


# --- setting one up


def _form(*recipients: User, **facts: Any) -> dict[str, Any]:
    return {
        "name": "Every Monday",
        "report": "mapping",
        "asked": "status=open&since=2026-01-01",
        "span": "last-week",
        "format": "xlsx",
        "cadence": "weekly",
        "weekday": "0",
        "day": "1",
        "hour": "7",
        "recipients": [user.pk for user in recipients],
        "is_active": "on",
    } | facts


def test_is_set_up_from_a_report_with_its_filters(boss: User, manager: Client):
    page = manager.get(reverse("admin:report", args=["mapping"]) + "?status=open")
    link = page.context["schedule_link"]
    form = manager.get(link).context["adminform"].form
    assert form.initial["about"] == "Order mapping: Status: open work"
    answer = manager.post(link, _form(boss))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    schedule = ReportSchedule.objects.get()
    assert schedule.asked == {"status": "open", "span": "last-week"}
    assert list(schedule.recipients.all()) == [boss]
    page = manager.get(reverse("admin:reporting_reportschedule_change", args=[schedule.pk]))
    assert page.context["adminform"].form.initial["span"] == "last-week"


@pytest.mark.parametrize(
    ("who", "facts"),
    [
        ("packer", {}),
        ("unreachable", {}),
        ("boss", {"asked": "status=lost"}),
        ("boss", {"report": "nothing"}),
        ("boss", {"format": "exe"}),
        ("boss", {"day": "31", "cadence": "monthly"}),
    ],
)
def test_refuses_recipients_who_may_not_see_it_and_what_makes_no_sense(
    boss: User, manager: Client, who: str, facts: dict[str, Any]
):
    staff("unreachable", role="Manager")
    staff("packer", role="Warehouse", email="packer@example.com")
    answer = manager.post(f"{ADD}?report=mapping", _form(User.objects.get(username=who), **facts))
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert ReportSchedule.objects.count() == 0


def test_offers_as_recipients_only_those_who_may_see_reports(boss: User, manager: Client):
    staff("packer", role="Warehouse", email="packer@example.com")
    gone = staff("gone", role="Manager", email="gone@example.com")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    page = manager.get(f"{ADD}?report=mapping")
    offered = page.context["adminform"].form.fields["recipients"].queryset
    assert [user.username for user in offered] == ["boss", "mia"]
    boxes = f'type="checkbox" name="recipients" value="{boss.pk}"'
    assert boxes in " ".join(page.content.decode().split())


def test_without_a_report_it_leads_to_the_reports(manager: Client):
    assert manager.get(ADD)["Location"] == reverse("admin:reports")


def test_is_not_for_the_warehouse(packer: Client):
    assert packer.get(f"{ADD}?report=mapping").status_code == 403
    assert packer.get(reverse("admin:reporting_reportschedule_changelist")).status_code == 403

"""Every print is on record: who, when, what, and the how-manieth copy; and on the order's story."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from invoicing.models import Package, Print
from orders import moving
from orders.models import TimelineEntry
from sellers.models import User


@transaction.atomic
def record_packages(
    packages: Sequence[Package],
    *,
    kind: Print.Kind,
    form: Print.Form,
    now: datetime,
    actor: User | None,
) -> list[Print]:
    """A paper of each package was printed. Copies count from one, for each kind of paper.

    The orders are locked in id order, so that two who print the same count on.
    """
    orders = {
        order_id: moving.lock(order_id=order_id)
        for order_id in sorted({package.order_id for package in packages})
    }
    copies = _copies([_subject(package) for package in packages], kind)
    prints = []
    for package in packages:
        subject = _subject(package)
        copies[subject] = copies.get(subject, 0) + 1
        prints.append(
            Print(
                kind=kind,
                form=form,
                subject=subject,
                package=package,
                copy=copies[subject],
                actor=actor,
                at=now,
            )
        )
        facts = {"package": package.number, "paper": kind.value, "copy": copies[subject]}
        moving.record(
            orders[package.order_id],
            kind=TimelineEntry.Kind.PACKING,
            code="printed",
            now=now,
            actor=actor,
            facts=facts,
        )
    return Print.objects.bulk_create(prints)


def _subject(package: Package) -> str:
    return f"package/{package.pk}"


def _copies(subjects: Sequence[str], kind: Print.Kind) -> dict[str, int]:
    known = Print.objects.filter(subject__in=subjects, kind=kind)
    return dict(known.values_list("subject").annotate(last=Max("copy")).order_by())


@transaction.atomic
def record(
    subject: str, *, kind: Print.Kind, form: Print.Form, now: datetime, actor: User | None
) -> Print:
    """A paper of something else was printed: a pick list, a manifest. Its row must be locked."""
    copy = _copies([subject], kind).get(subject, 0) + 1
    return Print.objects.create(
        kind=kind, form=form, subject=subject, copy=copy, actor=actor, at=now
    )

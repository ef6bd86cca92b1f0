"""Settlement rows entered, all of a file or none, each with the order it means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from jobs.models import Job
from orders.models import Order
from reporting.models import SettlementFile, SettlementRow
from reporting.payouts import layouts
from reporting.payouts.files import Entry, Reading
from sellers.errors import Conflict, DomainError
from sellers.models import SellerAccount, User

_AT_ONCE = 1000


def entered_before(account: SellerAccount, sha256: str) -> SettlementFile | None:
    found = SettlementFile.objects.filter(account=account, sha256=sha256, taken_back_at=None)
    return found.first()


@transaction.atomic
def enter(
    reading: Reading,
    *,
    account: SellerAccount,
    name: str,
    sha256: str,
    now: datetime,
    actor: User | None,
    job: Job,
) -> SettlementFile:
    """The whole file. Done again by the same job it is the same as once.

    Raises DomainError `bad-rows` while anything of it can't be read, Conflict `entered-before`
    when the same content counts already; then nothing changed.
    """
    if reading.problems or not reading.entries:
        raise DomainError("bad-rows", _("Nothing was entered: the file has problems."))
    before = entered_before(account, sha256)
    if before is not None and before.job_id == job.pk:
        return before
    file = _new(
        SettlementFile(
            account=account,
            name=name[:200],
            sha256=sha256,
            rows_count=len(reading.entries),
            paid_cents=reading.cents,
            job=job,
            entered_at=now,
            entered_by=actor,
        ),
        before,
    )
    orders = orders_named(account, (entry.named for entry in reading.entries))
    SettlementRow.objects.bulk_create(
        (_row(file, entry, orders.get(entry.named)) for entry in reading.entries),
        batch_size=_AT_ONCE,
    )
    layouts.keep(reading.layout, account=account, now=now, actor=actor)
    return file


def _new(file: SettlementFile, before: SettlementFile | None) -> SettlementFile:
    """The database's own constraint decides between two who enter it at once."""
    if before is None:
        try:
            with transaction.atomic():
                file.save(force_insert=True)
        except IntegrityError:
            before = entered_before(file.account, file.sha256)
        else:
            return file
    raise Conflict("entered-before", told_before(before))


def told_before(file: SettlementFile | None) -> str:
    if file is None:
        return _("This file was entered already.")
    day = date_format(file.entered_at.astimezone(file.account.zone), "SHORT_DATE_FORMAT")
    facts = {"day": day, "name": file.name}
    return _("This file was entered already, on %(day)s as “%(name)s”.") % facts


def _row(file: SettlementFile, entry: Entry, order: int | None) -> SettlementRow:
    return SettlementRow(
        file=file,
        line=entry.line,
        named=entry.named,
        order_id=order,
        paid_cents=entry.paid,
        commission_cents=entry.commission,
    )


def orders_named(account: SellerAccount, names: Iterable[str]) -> dict[str, int]:
    """The order that each id means: the marketplace's, ours, or a group of which we have one."""
    wanted = sorted(set(names))
    found: dict[str, int] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        found |= _meant(account, wanted[start : start + _AT_ONCE])
    return found


def _meant(account: SellerAccount, names: Sequence[str]) -> dict[str, int]:
    rows = Order.objects.filter(account=account).filter(
        Q(marketplace_order_id__in=names)
        | Q(seller_order_id__in=names)
        | Q(marketplace_order_group__in=names)
    )
    ids = rows.values_list(
        "pk", "marketplace_order_id", "seller_order_id", "marketplace_order_group"
    )
    exact: dict[str, int] = {}
    groups: dict[str, list[int]] = defaultdict(list)
    for pk, theirs, ours, group in ids:
        exact |= {theirs: pk, ours: pk}
        groups[group].append(pk)
    alone = {group: pks[0] for group, pks in groups.items() if group and len(pks) == 1}
    return {name: pk for name, pk in (alone | exact).items() if name in set(names)}


@transaction.atomic
def take_back(file: SettlementFile, *, now: datetime, actor: User) -> None:
    """It was a mistake: its rows count no more, and it may be entered again. Twice is once."""
    taken = SettlementFile.objects.filter(pk=file.pk, taken_back_at=None)
    if taken.update(taken_back_at=now, taken_back_by=actor):
        SettlementRow.objects.filter(file=file).delete()

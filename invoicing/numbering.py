"""Which number an invoice gets: typed, read from its access key, or drawn from the series."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from invoicing import nfe
from invoicing.models import INVOICE_NUMBER, Invoice, InvoiceSeries
from sellers.errors import Conflict, DomainError
from sellers.models import SellerAccount

#: As long as the column.
LONGEST = 60


def settle(
    *, account: SellerAccount, number: str | None, key: str, earlier: str = "", keeps: str = ""
) -> tuple[str, str]:
    """The invoice's number and access key (`""` without one), checked against each other.

    A scanner at the number's field reads the key off the printed invoice: that is taken for one.
    Without number and key, draws from the account's series: inside a transaction, last of its
    locks, so that a rollback gives the number back. `earlier` is the number the package had
    before it was reopened: drawn from the series then, it is taken again. `keeps` is the number the
    invoice has, which it may have again.
    Raises DomainError (`bad-invoice-number`, `bad-access-key`) and Conflict (`number-taken`).
    """
    typed = (number or "").strip()
    access = nfe.parse(key) if key.strip() else None
    if nfe.is_meant(typed):
        access, typed = _one(nfe.parse(typed), access), ""
    if not typed and access is None:
        return draw(account=account, earlier=earlier), ""
    chosen = typed or str(access.number if access else "")
    if chosen != keeps:
        check(account=account, number=chosen)
    if access and access.number not in {int(digits) for digits in re.findall(r"[0-9]+", chosen)}:
        raise DomainError(
            "bad-access-key",
            _("The access key belongs to invoice %(theirs)d, not to %(ours)s.")
            % {"theirs": access.number, "ours": chosen},
        )
    if access:
        _check_issuer(access, account=account)
    return chosen, access.text if access else ""


def _one(read: nfe.AccessKey, given: nfe.AccessKey | None) -> nfe.AccessKey:
    if given not in (None, read):
        raise DomainError(
            "bad-access-key", _("Two different access keys were given: keep the invoice's own.")
        )
    return read


def _check_issuer(access: nfe.AccessKey, *, account: SellerAccount) -> None:
    """The key is this seller's, of the series it invoices with; each compared when it is known."""
    if account.tax_id and access.issuer != account.tax_id:
        raise DomainError(
            "bad-access-key",
            _("The access key is of another issuer: %(issuer)s.") % {"issuer": access.issuer},
        )
    series = InvoiceSeries.objects.filter(account=account).first()
    if series and series.fiscal_series is not None and access.series != series.fiscal_series:
        raise DomainError(
            "bad-access-key",
            _("The access key is of series %(theirs)d, not %(ours)d.")
            % {"theirs": access.series, "ours": series.fiscal_series},
        )


def check(*, account: SellerAccount, number: str) -> None:
    """Raises unless `number` can travel in the marketplace's paths and is free."""
    try:
        INVOICE_NUMBER(number)
    except ValidationError as error:
        raise DomainError("bad-invoice-number", " ".join(error.messages)) from None
    if len(number) > LONGEST:
        raise DomainError(
            "bad-invoice-number",
            _("An invoice number has %(most)d characters at most.") % {"most": LONGEST},
        )
    if _taken(account=account, number=number):
        raise Conflict(
            "number-taken",
            _("Invoice %(number)s exists already. Check the number.") % {"number": number},
        )


def draw(*, account: SellerAccount, earlier: str = "") -> str:
    """The series' next number, without gaps or doubles (race: two packages closed at once; the
    second waits at the row lock). Numbers that somebody typed before are passed over."""
    InvoiceSeries.objects.get_or_create(account=account)
    series = InvoiceSeries.objects.select_for_update().get(account=account)
    if _was_drawn(series, earlier) and not _taken(account=account, number=earlier):
        return earlier
    while _taken(account=account, number=str(series)):
        series.next_number += 1
    drawn = str(series)
    series.next_number += 1
    series.save(update_fields=["next_number"])
    return drawn


def _was_drawn(series: InvoiceSeries, number: str) -> bool:
    digits = number.removeprefix(series.prefix)
    return (
        number == f"{series.prefix}{digits}"
        and digits.isdecimal()
        and int(digits) < series.next_number
    )


def upcoming(*, account: SellerAccount) -> str:
    """What `draw` would probably give: for showing, promises nothing."""
    series = InvoiceSeries.objects.filter(account=account).first()
    return str(series or InvoiceSeries(account=account))


def _taken(*, account: SellerAccount, number: str) -> bool:
    return Invoice.objects.filter(account=account, number=number, voided_at=None).exists()

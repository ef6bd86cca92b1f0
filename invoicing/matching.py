"""An invoice's document against the package it is for: everything that differs, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from invoicing import amounts
from invoicing.nfe_document import Document, DocumentItem
from orders.models import OrderLine
from sellers.errors import DomainError
from sellers.models import SellerAccount, Sku
from sellers.money import Cents

#: Clocks of two machines differ by a little.
_CLOCKS = timedelta(minutes=5)


def require_match(
    document: Document,
    units: Sequence[tuple[OrderLine, int]],
    *,
    account: SellerAccount,
    value_cents: Cents,
    is_sale: bool,
    now: datetime,
    shows_money: bool,
) -> None:
    """Raises DomainError `document-differs` naming every difference; amounts with `shows_money`."""
    found = [
        *_itself(document, account=account, is_sale=is_sale, now=now),
        *_value(document, value_cents, currency=account.currency, shows_money=shows_money),
        *_contents(document, units),
    ]
    if found:
        intro = _("The invoice's XML does not match:")
        raise DomainError("document-differs", " ".join([intro, *found]))


def _itself(
    document: Document, *, account: SellerAccount, is_sale: bool, now: datetime
) -> Iterator[str]:
    """Its access key says the same as its fields; it is ours, of this kind, and not of tomorrow."""
    key = document.key
    said = (document.issuer, document.series, document.number)
    if said != (key.issuer, key.series, key.number):
        yield _("Its access key is another invoice's.")
    if account.tax_id and document.issuer != account.tax_id:
        yield _("Its issuer is %(issuer)s.") % {"issuer": document.issuer}
    if document.is_sale != is_sale:
        yield _("It is a sale.") if document.is_sale else _("It is a return.")
    if document.issued_at > now + _CLOCKS:
        yield _("It is dated in the future.")
    if f"{document.issued_at:%y%m}" != key.month:
        yield _("Its date is not of its access key's month.")


def _value(document: Document, ours: Cents, *, currency: str, shows_money: bool) -> Iterator[str]:
    if document.total_cents != ours:
        yield amounts.difference(
            document.total_cents, ours, currency=currency, shows_money=shows_money
        )


def _contents(document: Document, units: Sequence[tuple[OrderLine, int]]) -> Iterator[str]:
    skus = {line.sku_id: line.sku for line, _quantity in units}
    packed: dict[int, int] = defaultdict(int)
    weighed: dict[int, Decimal] = defaultdict(Decimal)
    for line, quantity in units:
        packed[line.sku_id] += quantity
        weighed[line.sku_id] += quantity * (line.unit_multiplier or 1)
    invoiced: dict[int, Decimal] = defaultdict(Decimal)
    for item in document.items:
        sku = next((sku for sku in skus.values() if _is(item, sku)), None)
        if sku is None:
            yield _("“%(name)s” (%(code)s) is not in the package.") % {
                "name": item.name[:60],
                "code": item.code[:60],
            }
        else:
            invoiced[sku.pk] += item.quantity
    for pk, quantity in packed.items():
        # Goods sold by weight are invoiced by weight or by the piece.
        if invoiced[pk] not in (quantity, weighed[pk]):
            yield _("Of “%(name)s” %(theirs)s are invoiced, %(ours)d packed.") % {
                "name": skus[pk].name,
                "theirs": f"{invoiced[pk].normalize():f}",
                "ours": quantity,
            }


def _is(item: DocumentItem, sku: Sku) -> bool:
    codes = {sku.ref, sku.ref_code} - {""}
    return item.code in codes or bool(item.ean and item.ean == sku.ean)

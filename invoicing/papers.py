"""What somebody hands over about an invoice: number, access key, address, or its whole XML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from invoicing import amounts, matching, nfe_document
from invoicing.models import Invoice
from invoicing.nfe_document import Document
from orders.models import Order, OrderLine
from sellers.errors import DomainError
from sellers.models import User
from sellers.money import Cents


@dataclass(frozen=True)
class Paper:
    """Number and key as they were given; a document's own where there is one. `value_cents` is the
    total it is said to have, None when nobody said."""

    number: str | None
    key: str
    url: str
    issued_at: datetime
    document: Document | None
    value_cents: Cents | None = None

    @property
    def text(self) -> str:
        return self.document.text if self.document else ""


def settle(
    *,
    number: str | None,
    key: str,
    url: str,
    document: bytes,
    now: datetime,
    value_cents: Cents | None = None,
) -> Paper:
    """Raises DomainError `bad-document`, `bad-access-key` or `bad-url`."""
    _check_url(url.strip())
    if not document.strip():
        return Paper(number, key, url.strip(), now, None, value_cents)
    read = nfe_document.read(document)
    number = number or str(read.number)
    return Paper(number, read.key.text, url.strip(), read.issued_at, read, value_cents)


def _check_url(url: str) -> None:
    if not url:
        return
    try:
        URLValidator(schemes=["https", "http"])(url)
    except ValidationError:
        raise DomainError("bad-url", _("The invoice's address is not a web address.")) from None
    if len(url) > 500:
        raise DomainError("bad-url", _("The invoice's address is longer than 500 characters."))


def require_match(
    paper: Paper,
    units: Sequence[tuple[OrderLine, int]],
    *,
    order: Order,
    value_cents: Cents,
    now: datetime,
    actor: User | None,
    kind: Invoice.Kind = Invoice.Kind.OUTPUT,
) -> None:
    """Raises DomainError `bad-value` or `value-differs` for the total that was said, and
    `document-differs`, naming what differs between document and goods."""
    currency = order.account.currency
    shows_money = actor is None or actor.has_perm("orders.view_money")
    amounts.require_equal(
        paper.value_cents, value_cents, currency=currency, shows_money=shows_money
    )
    if paper.document is None:
        return
    matching.require_match(
        paper.document,
        units,
        account=order.account,
        value_cents=value_cents,
        is_sale=kind == Invoice.Kind.OUTPUT,
        now=now,
        shows_money=shows_money,
    )

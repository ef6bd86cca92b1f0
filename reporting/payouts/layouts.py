"""How an account's settlement files are to be read: which column says what, how amounts are
written. Told once, kept for the next file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from reporting.models import SettlementLayout
from sellers.errors import DomainError
from sellers.models import SellerAccount, User
from sellers.tables import plain

#: What a row says, in the order in which the screen asks for it.
FIELDS: dict[str, Promise] = {
    "order": gettext_lazy("order id"),
    "paid": gettext_lazy("amount"),
    "commission": gettext_lazy("commission"),
}
#: What a column may be called, without accents and in small letters; the first found wins.
HEADINGS: dict[str, tuple[str, ...]] = {
    "order": ("pedido", "id do pedido", "numero do pedido", "order", "order id", "order number",
              "marketplace order id", "seller order id", "id pedido", "numero pedido",
              "codigo do pedido", "n pedido", "pedido vtex", "pedido marketplace"),
    "paid": ("valor liquido", "net amount", "liquido", "valor do repasse",
             "valor repasse", "repasse", "valor pago", "valor a receber", "net value", "net",
             "payout", "payout amount", "amount paid", "paid", "valor bruto", "bruto",
             "gross amount", "gross", "valor", "amount", "value"),
    "commission": ("comissao", "commission", "valor comissao", "valor da comissao",
                   "comissao total", "comissao marketplace", "comissao do marketplace",
                   "commission amount", "commission value", "marketplace commission"),
}  # fmt: skip
_GROSS = ("valor bruto", "bruto", "gross amount", "gross")


@dataclass(frozen=True)
class Layout:
    """`columns`: field -> heading. `amounts`: a Style, empty while nobody has told it.

    `is_gross`: the amount is before the commission, which a column of its own tells.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    amounts: str = ""
    is_gross: bool = False

    def document(self) -> dict[str, Any]:
        """As it is kept, and given to long work."""
        return asdict(self)

    @property
    def wanted(self) -> tuple[str, ...]:
        return ("order", "paid", "commission") if self.is_gross else ("order", "paid")

    def require_complete(self) -> None:
        """Raises DomainError `bad-columns` naming what nobody has told."""
        missing = [str(FIELDS[name]) for name in self.wanted if not self.columns.get(name)]
        if missing:
            raise DomainError("bad-columns", _("Say which column is: %s.") % ", ".join(missing))


def guessed(names: Sequence[str]) -> Layout:
    """What the headings speak for, each column once; how amounts are written they can't tell."""
    places = {plain(name): name for name in reversed(names) if name}
    columns: dict[str, str] = {}
    for each, known in HEADINGS.items():
        found = next((places.pop(one) for one in known if one in places), None)
        if found is not None:
            columns[each] = found
    is_gross = plain(columns.get("paid", "")) in _GROSS and "commission" in columns
    return Layout(columns=columns, is_gross=is_gross)


def kept(account: SellerAccount) -> Layout | None:
    """As somebody told for an earlier file of the account."""
    found = SettlementLayout.objects.filter(account=account).first()
    return Layout(**found.document) if found else None


def keep(layout: Layout, *, account: SellerAccount, now: datetime, actor: User | None) -> None:
    SettlementLayout.objects.update_or_create(
        account=account,
        defaults={"document": layout.document(), "changed_at": now, "changed_by": actor},
    )

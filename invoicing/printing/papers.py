"""Which paper in which form, and the file that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _

from invoicing.models import Package, Print
from invoicing.printing.facts import PackageFacts, document_of
from orders.states import Status
from sellers.errors import DomainError

Kind, Form = Print.Kind, Print.Form
#: For what shows prices and the shopper's document number.
FISCAL_PERMISSION = "invoicing.print_invoice"
#: In one file.
MOST = 2000
_MADE = {
    (Kind.LABEL, Form.PDF),
    (Kind.LABEL, Form.ZPL),
    (Kind.SLIP, Form.PDF),
    (Kind.FISCAL, Form.PDF),
}
TYPES = {Form.PDF: "application/pdf", Form.ZPL: "application/zpl"}


@dataclass(frozen=True)
class Paper:
    kind: Print.Kind
    form: Print.Form

    @property
    def permission(self) -> str:
        return FISCAL_PERMISSION if self.kind == Kind.FISCAL else "orders.pack_order"

    @property
    def content_type(self) -> str:
        return TYPES[self.form]

    def file_name(self, about: str) -> str:
        return f"{slugify(str(self.kind.label))}-{slugify(about)}.{self.form.value}"


def paper(kind: str, form: str) -> Paper:
    """Raises DomainError `no-such-paper` for what is not made."""
    if (kind, form) not in _MADE:
        raise DomainError("no-such-paper", _("This paper does not exist in this form."))
    return Paper(Kind(kind), Form(form))


def drawn(
    chosen: Paper,
    packages: Sequence[PackageFacts],
    *,
    size: str = "",
    after_each: Callable[[], None] = lambda: None,
) -> bytes:
    """All of them in one file. `packages` has at least one."""
    if chosen.form == Form.ZPL:
        from invoicing.printing.label_zpl import zpl_labels

        return zpl_labels(packages, after_each=after_each)
    if chosen.kind == Kind.FISCAL:
        from invoicing.printing.fiscal import draw_fiscal

        return draw_fiscal(packages, size=size, after_each=after_each)
    if chosen.kind == Kind.LABEL:
        from invoicing.printing.label_pdf import draw_labels

        return draw_labels(packages, after_each=after_each)
    from invoicing.printing.slip_pdf import draw_slips

    return draw_slips(packages, size=size, after_each=after_each)


def faults_of(chosen: Paper, packages: Sequence[PackageFacts]) -> Iterator[str]:
    """What a person should look at before these papers leave; no name is in it."""
    if chosen.kind == Kind.FISCAL:
        yield from _unfiscal(packages)
        return
    from invoicing.printing.sheets import undrawable

    for facts in packages:
        named = {"code": facts.code}
        if facts.receiver is None:
            yield _("%(code)s: the shopper's data was erased, it has no address.") % named
        elif signs := undrawable(facts.receiver.name + "".join(facts.receiver.lines)):
            yield _(
                "%(code)s: %(count)d signs of the address can't be drawn; print it from the screen."
            ) % {**named, "count": len(signs)}


def _unfiscal(packages: Sequence[PackageFacts]) -> Iterator[str]:
    for facts in packages:
        if not document_of(facts.invoice):
            yield _("%(code)s: its XML is not here, so its print is no fiscal document.") % {
                "code": facts.code
            }


def waiting_for(kind: str, *, account_id: int | None, again: bool) -> QuerySet[Package]:
    """Closed packages still in the house, longest first; only those without this paper yet, unless
    `again`."""
    packages = Package.objects.filter(status=Package.Status.CLOSED, dispatched_at=None)
    packages = packages.exclude(order__status=Status.CANCELLED).order_by("closed_at", "pk")
    if account_id:
        packages = packages.filter(order__account=account_id)
    if not again:
        printed = Print.objects.filter(package=OuterRef("pk"), kind=kind)
        packages = packages.filter(~Exists(printed))
    return packages

"""Papers of one package: shown, printed, and recorded as printed; and the batch of many."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from invoicing.jobs import PRINT_INVOICES, PRINT_PACKAGES, about
from invoicing.models import Package, PaperSettings, Print
from invoicing.printing import codes, finding, papers
from invoicing.printing.facts import facts_of
from invoicing.printing.recording import record_packages
from invoicing.screens.access import packer, packers_only, printed_from_screens
from jobs.admin import page_of
from jobs.asking import enqueue
from sellers.errors import DomainError
from sellers.models import SellerAccount, User


@require_GET
@packers_only
@printed_from_screens
def label(request: HttpRequest, seller_order_id: str, number: int) -> HttpResponse:
    """The label on the screen, for printing with the browser."""
    package = _package(seller_order_id, number)
    facts = facts_of([package.pk])[0]
    context = {
        "facts": facts,
        "package": package,
        "barcode": codes.code128(facts.code),
        "qr": codes.qr(facts.code),
        "packer": packer(request),
    }
    return render(request, "packing/label.html", context)


@require_GET
@packers_only
def label_style(request: HttpRequest, account_id: int) -> HttpResponse:
    """The size of the account's labels, as a file: the strict policy forbids it in the page."""
    account = get_object_or_404(SellerAccount, pk=account_id)
    paper = PaperSettings.objects.filter(account=account).first() or PaperSettings()
    wide, high, margin = paper.label_width_mm, paper.label_height_mm, paper.label_margin_mm
    scale = min(wide / 100, high / 150)
    style = (
        f"@page {{ size: {wide}mm {high}mm; margin: 0; }}\n"
        f".label {{ width: {wide}mm; height: {high}mm; padding: {margin}mm;"
        f" font-size: {11 * scale:.2f}pt; }}\n"
    )
    return HttpResponse(style, content_type="text/css")


@require_POST
def print_package(request: HttpRequest, seller_order_id: str, number: int) -> HttpResponse:
    """Records a print, then leads to its file; what the browser itself prints is only recorded."""
    actor, now = packer(request), timezone.now()
    if not actor.has_perm("orders.pack_order"):
        raise PermissionDenied
    package = _package(seller_order_id, number)
    kind, form = request.POST.get("kind", ""), request.POST.get("form", "")
    if form == Print.Form.SCREEN and kind in (Print.Kind.LABEL, Print.Kind.SLIP):
        made = record_packages(
            [package], kind=Print.Kind(kind), form=Print.Form.SCREEN, now=now, actor=actor
        )
        return JsonResponse({"copy": made[0].copy})
    try:
        chosen = papers.paper(kind, form)
    except DomainError as refusal:
        messages.error(request, refusal.message)
        return redirect("admin:packing_order", seller_order_id)
    if not actor.has_perm(chosen.permission):
        raise PermissionDenied
    made = record_packages([package], kind=chosen.kind, form=chosen.form, now=now, actor=actor)
    target = redirect("admin:packing_print", made[0].pk)
    if size := request.POST.get("size"):
        target["Location"] += f"?size={size if size in PaperSettings.SlipSize else ''}"
    return target


@require_GET
def printed(request: HttpRequest, print_id: int) -> HttpResponse:
    """The file of a recorded print: opened again it is the same copy."""
    row = get_object_or_404(Print.objects.exclude(package=None), pk=print_id)
    chosen = papers.paper(row.kind, row.form)
    if not packer(request).has_perm(chosen.permission):
        raise PermissionDenied
    facts = facts_of([row.package_id or 0])
    size = request.GET.get("size", "")
    content = papers.drawn(chosen, facts, size=size if size in PaperSettings.SlipSize else "")
    response = HttpResponse(content, content_type=chosen.content_type)
    opens = "inline" if chosen.form == Print.Form.PDF else "attachment"
    name = chosen.file_name(facts[0].code)
    response["Content-Disposition"] = f'{opens}; filename="{name}"'
    patch_cache_control(response, private=True, no_store=True)
    return response


def _package(seller_order_id: str, number: int) -> Package:
    return get_object_or_404(
        Package.objects.select_related("order__account"),
        order__seller_order_id=seller_order_id,
        number=number,
    )


# Many at once


class BatchForm(forms.Form):
    """Which papers, in which form, and of which packages."""

    paper = forms.ChoiceField(
        label=gettext_lazy("Paper"),
        choices=[
            ("label/pdf", gettext_lazy("Package labels, PDF")),
            ("label/zpl", gettext_lazy("Package labels, for a label printer (ZPL)")),
            ("slip/pdf", gettext_lazy("Packing slips, PDF")),
            ("fiscal/pdf", gettext_lazy("Invoices, PDF")),
        ],
    )
    size = forms.ChoiceField(
        label=gettext_lazy("Size of slips and invoices"),
        required=False,
        choices=[("", gettext_lazy("as the account has it")), *PaperSettings.SlipSize.choices],
    )
    account = forms.ModelChoiceField(
        SellerAccount.objects.order_by("name"),
        label=gettext_lazy("Account"),
        required=False,
        empty_label=gettext_lazy("All accounts"),
    )
    again = forms.BooleanField(label=gettext_lazy("Also those already printed"), required=False)
    codes = forms.CharField(
        label=gettext_lazy("Only these"),
        required=False,
        max_length=100_000,
        widget=forms.Textarea({"rows": 4, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Scan or paste labels, order ids, invoice or tracking numbers, one a line. "
            "Empty: every closed package that has not left yet."
        ),
    )

    def __init__(self, *args: Any, reader: User, **kwargs: Any) -> None:
        """What `reader` may not print is not offered."""
        super().__init__(*args, **kwargs)
        offered = self.fields["paper"]
        offered.choices = [  # type: ignore[attr-defined]  # a ChoiceField, as it is written above
            (name, label)
            for name, label in offered.choices  # type: ignore[attr-defined]  # as above
            if reader.has_perm(papers.paper(*name.split("/")).permission)
        ]

    def chosen(self) -> papers.Paper:
        kind, _slash, form = self.cleaned_data["paper"].partition("/")
        return papers.paper(kind, form)


@require_http_methods(["GET", "POST"])
def batch(request: HttpRequest) -> HttpResponse:
    """One file for many packages, made by long work."""
    if not packer(request).has_perm("orders.pack_order"):
        raise PermissionDenied
    form = BatchForm(request.POST or None, reader=packer(request))
    if request.method == "POST" and form.is_valid():
        ids, unknown = _chosen_packages(form)
        if ids and not unknown:
            return _ask(request, form, ids)
        told = _("Nothing was found for: %s") % ", ".join(unknown[:20]) if unknown else _(
            "No package waits for this paper."
        )  # fmt: skip
        messages.error(request, told)
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": _("Papers"),
        "form": form,
        "waiting": {
            kind: papers.waiting_for(kind, account_id=None, again=False)[: papers.MOST].count()
            for kind in (Print.Kind.LABEL, Print.Kind.SLIP)
        },
        "most": papers.MOST,
    }
    return render(request, "admin/paper/batch.html", context)


def _chosen_packages(form: BatchForm) -> tuple[list[int], list[str]]:
    """Packages by id, and what was asked for and is not there."""
    given = form.cleaned_data
    if given["codes"].strip():
        return finding.packages_named(given["codes"].splitlines())
    account = given["account"].pk if given["account"] else None
    kind = form.chosen().kind
    waiting = papers.waiting_for(kind, account_id=account, again=given["again"])
    return list(waiting.values_list("pk", flat=True)[: papers.MOST]), []


def _ask(request: HttpRequest, form: BatchForm, ids: list[int]) -> HttpResponse:
    chosen, size = form.chosen(), form.cleaned_data["size"]
    params = {"kind": chosen.kind, "form": chosen.form, "size": size, "packages": ids}
    kind = PRINT_INVOICES if chosen.kind == Print.Kind.FISCAL else PRINT_PACKAGES
    with transaction.atomic():
        job = enqueue(
            kind,
            params,
            user=packer(request),
            now=timezone.now(),
            about=about(chosen, len(ids)),
        )
    return redirect(page_of(job))

"""The list of orders and the way to each order's page. Nothing is edited here."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from orders.admin.changes import CHANGE_ACTIONS, ChangeDecisions
from orders.admin.decisions import DECISIVE, Decisions
from orders.admin.filters import EVERYTHING, OPEN_WORK, TO_LOOK_AT, DueFilter, WorkFilter
from orders.admin.order_page import order_page
from orders.admin.searching import matching
from orders.models import Order, OrderLine, TimelineEntry
from orders.sentences import words_for
from orders.states import COLOURS, OPEN
from sellers.admin.base import NOTHING, PortalAdmin, ReadOnly, local, may_see_money, money
from sellers.admin.filters import AccountFilter


def _per_order(rows: QuerySet[Any], figure: Any) -> Any:
    """A figure over rows that point at an order, worked out only for the orders on the page."""
    grouped = rows.filter(order=OuterRef("pk")).order_by().values("order")
    found = grouped.annotate(figure=figure).values("figure")
    return Coalesce(Subquery(found, output_field=IntegerField()), 0)


@admin.register(Order)
class OrderAdmin(Decisions, ChangeDecisions, ReadOnly, PortalAdmin):
    actions_detail = (*CHANGE_ACTIONS, *Decisions.actions_detail)
    list_display = (
        "ids",
        "state",
        "due",
        "units",
        "value",
        "invoice_fate",
        "destination",
    )
    list_filter = (WorkFilter, DueFilter, AccountFilter)
    list_select_related = ("account",)
    change_list_template = "admin/orders/order/change_list.html"
    list_before_template = "admin/orders/order/chips.html"
    search_fields = ("marketplace_order_id",)
    search_help_text = gettext_lazy("Any id: order, invoice, tracking, SKU")
    actions = None

    def get_list_display(self, request: HttpRequest) -> list[str]:
        shown = [name for name in self.list_display if name != "value" or may_see_money(request)]
        looking = request.GET.get(WorkFilter.parameter_name) == TO_LOOK_AT
        return [*shown[:2], "why_look", *shown[2:]] if looking else shown

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Open work soonest due first, everything else latest first; both as an index has it."""
        default = EVERYTHING if request.GET.get("q") else OPEN_WORK
        work = request.GET.get(WorkFilter.parameter_name, default)
        by_due = work == OPEN_WORK or DueFilter.parameter_name in request.GET
        return ["due_at", "id"] if by_due else ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        orders: QuerySet[Order] = super().get_queryset(request)
        match = request.resolver_match
        return (
            self._with_figures(orders) if match and "changelist" in str(match.url_name) else orders
        )

    def _with_figures(self, orders: QuerySet[Order]) -> QuerySet[Order]:
        lines = OrderLine.objects.filter(quantity__gt=0)
        # Asked for by name: orders know that invoices exist, not how they are made.
        invoices = apps.get_model("invoicing", "Invoice")._default_manager.filter(
            voided_at__isnull=True
        )
        return orders.annotate(
            problem=Subquery(
                TimelineEntry.objects.filter(order=OuterRef("pk"), kind=TimelineEntry.Kind.PROBLEM)
                .order_by("-id")
                .values("code")[:1]
            ),
            line_count=_per_order(lines, Count("pk")),
            unit_count=_per_order(lines, Sum("quantity")),
            invoice_count=_per_order(invoices, Count("pk")),
            received_count=_per_order(invoices.filter(message__status="delivered"), Count("pk")),
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            shown = response.context_data["cl"]
            chips = [list(spec.choices(shown)) for spec in shown.filter_specs]
            response.context_data["chip_rows"] = chips
        return response

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        term = search_term.strip()
        return (matching(queryset, term) if term else queryset), False

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The whole story of one order, on a page of its own instead of a form."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        order = self.get_object(request, object_id)
        if order is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]  # unfold is untyped
        if not self.has_view_permission(request, order):
            raise PermissionDenied
        offered = self.get_actions_detail(request, order.pk)
        decisions = [action for action in offered if action.method.variant in DECISIVE]
        others = [action for action in offered if action not in decisions]
        context = {
            **self.admin_site.each_context(request),
            "title": order.marketplace_order_id,
            "opts": self.opts,
            "original": order,
            "actions_detail": self._get_actions_navigation(self.actions_detail, others, order.pk),
            "decisions": self._get_actions_navigation(self.actions_detail, decisions, order.pk),
            "page": order_page(order, user=request.user, now=timezone.now()),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/orders/order/page.html", context)

    @display(description=gettext_lazy("order"))
    def ids(self, order: Order) -> str:
        return format_html(
            '<span class="portal-ids"><b>{}</b><small>{}</small><small>{}</small></span>',
            order.marketplace_order_id,
            order.seller_order_id,
            order.account.name,
        )

    @display(description=gettext_lazy("status"), label={str(k): v for k, v in COLOURS.items()})
    def state(self, order: Order) -> tuple[str, str]:
        return order.status, order.get_status_display()

    @display(description=gettext_lazy("why it needs a look"))
    def why_look(self, order: Any) -> str:
        return str(words_for(order.problem).title) if order.problem else NOTHING

    @display(description=gettext_lazy("hand over by"))
    def due(self, order: Order) -> str:
        if order.due_at is None:
            return NOTHING
        moment = local(order.due_at, order.account.zone)
        if order.status in OPEN and order.due_at < timezone.now():
            return format_html(
                '<span class="portal-nowrap portal-late">{}<br>{}</span>', moment, _("late")
            )
        return format_html('<span class="portal-nowrap">{}</span>', moment)

    @display(description=gettext_lazy("items / units"))
    def units(self, order: Any) -> str:
        return f"{order.line_count} / {order.unit_count}"

    @display(description=gettext_lazy("value"))
    def value(self, order: Order) -> str:
        value = money(order.payment_value_cents, order.account.currency)
        return format_html('<span class="portal-nowrap">{}</span>', value)

    @display(description=gettext_lazy("invoices received"))
    def invoice_fate(self, order: Any) -> str:
        if not order.invoice_count:
            return NOTHING
        facts = {"received": order.received_count, "all": order.invoice_count}
        return _("%(received)s of %(all)s") % facts

    @display(description=gettext_lazy("destination"))
    def destination(self, order: Order) -> str:
        place = " / ".join(filter(None, (order.ship_city, order.ship_state))) or NOTHING
        return format_html('<span class="portal-clip">{}</span>', place)

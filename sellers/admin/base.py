"""What every admin screen shares: nothing big is counted, search by prefix, money, local time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from django.contrib.admin import ShowFacets
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.db.models import Model, Q, QuerySet
from django.forms import Field, ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import pgettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from sellers import tariffs
from sellers.models import User
from sellers.money import Cents, format_cents

#: What stands where there is nothing to show.
NOTHING = "–"


class Badge(NamedTuple):
    """A coloured label of a list, by its key; on a page of its own it is the words alone."""

    key: str
    text: str

    def __html__(self) -> SafeString:
        return escape(self.text)


def who(request: HttpRequest) -> User:
    """The member of staff behind a request; the admin lets nobody else in."""
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    return user


def may_see_money(request: HttpRequest) -> bool:
    return request.user.has_perm("orders.view_money")


def money(cents: Cents | None, currency: str) -> str:
    """Cents as people read them; a dash for no value."""
    return NOTHING if cents is None else format_cents(cents, currency)


def local(moment: datetime | None, zone: ZoneInfo) -> str:
    """A moment on the clocks of the account it belongs to; the year only when it is another."""
    if moment is None:
        return NOTHING
    there = timezone.localtime(moment, zone)
    same_year = there.year == timezone.localtime(timezone.now(), zone).year
    if same_year:
        return date_format(there, pgettext("date format", "j M, H:i"))
    return date_format(there, pgettext("date format", "j M Y, H:i"))


class CentsWidget(UnfoldAdminIntegerFieldWidget):
    """Whole cents; portal.js shows beside it what that is in currency."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"data-cents": "", "inputmode": "numeric", "min": "0", **(attrs or {})})


class _OurFields:
    """Form fields by the suffix of their name."""

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Field | None:
        if db_field.name.endswith("_cents"):
            kwargs["widget"] = CentsWidget()
        found: Field | None = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]  # a mixin: the admin class beside it has it
        return found


class PortalAdmin(_OurFields, ModelAdmin):
    """The usual screen of a table that may hold millions of rows."""

    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    warn_unsaved_form = True
    list_fullwidth = True
    #: Searched from their beginning, as typed or in capitals, so that indexes serve.
    search_fields: ClassVar[tuple[str, ...]] = ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term or not self.search_fields:
            return queryset, False
        return queryset.filter(beginning_with(term, self.search_fields)), False

    def get_urls(self) -> list[URLPattern]:
        urls: list[URLPattern] = super().get_urls()
        dialogs = {
            action.action_name for action in self._get_base_actions_detail() if action.dialog
        }
        for url in urls:
            if url.name in dialogs:
                url.callback = _beside_its_page(url.callback)
        return urls


def _beside_its_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A dialog is a piece of the page below it: its address opened by hand leads there."""

    @wraps(view)
    def dialog(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        alone = request.method == "GET" and "HX-Request" not in request.headers
        return redirect("../change/") if alone and answer.status_code == 200 else answer

    return dialog


def beginning_with(term: str, fields: tuple[str, ...]) -> Q:
    """A condition: one of the fields begins with the term, exactly as typed or in capitals."""
    condition = Q()
    for field in fields:
        for wanted in {term, term.upper()}:
            condition |= Q(**{f"{field}__startswith": wanted})
    return condition


class PortalInline(_OurFields, TabularInline):
    extra = 0
    hide_title = True
    show_change_link = False

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """The table's heading is no label to a screen reader: each box says what it is."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs.setdefault("aria-label", str(db_field.verbose_name))
        return field


class ReadOnly:
    """Nobody adds, changes or deletes here; who may view, views."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class AccountIsFixed(PortalAdmin):
    """A thing stays with the account it was made for."""

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        fixed = ["account"] if obj else []
        return [*super().get_readonly_fields(request, obj), *fixed]


class RaisesTariffRevision(PortalAdmin):
    """Whatever is saved or deleted here raises its account's tariff revision, all in one
    transaction: the change and its revision become visible together."""

    def account_ids(self, queryset: QuerySet[Any]) -> set[int]:
        return set(queryset.values_list("account_id", flat=True))

    def account_id(self, obj: Any) -> int:
        return int(obj.account_id)

    def save_related(
        self, request: HttpRequest, form: ModelForm[Any], formsets: Any, change: bool
    ) -> None:
        # Django calls this last, inside the transaction of the whole form.
        super().save_related(request, form, formsets, change)
        tariffs.bump(self.account_id(form.instance))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            tariffs.bump(self.account_id(obj))
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for account_id in sorted(self.account_ids(queryset)):
                tariffs.bump(account_id)
            super().delete_queryset(request, queryset)

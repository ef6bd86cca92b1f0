"""Filters as plain links: every choice is an address that can be bookmarked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from sellers.models import SellerAccount, Warehouse
from sellers.row_ids import is_row_id


class AccountFilter(SimpleListFilter):
    """By seller account; offered once there are two."""

    title = _("account")
    parameter_name = "account"
    path = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [
            (str(pk), name) for pk, name in SellerAccount.objects.values_list("pk", "name")[:200]
        ]

    def has_output(self) -> bool:
        return len(self.lookup_choices) > 1

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if chosen is None or not is_row_id(chosen):
            return queryset
        return queryset.filter(**{f"{self.path}_id": int(chosen)})


class AccountOfSkuFilter(AccountFilter):
    path = "sku__account"


class AccountOfLevelFilter(AccountFilter):
    path = "level__sku__account"


class AccountOfPolicyFilter(AccountFilter):
    path = "policy__account"


class WarehouseFilter(SimpleListFilter):
    title = _("warehouse")
    parameter_name = "warehouse"
    path = "warehouse"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(str(pk), name) for pk, name in Warehouse.objects.values_list("pk", "name")[:200]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if chosen is None or not is_row_id(chosen):
            return queryset
        return queryset.filter(**{f"{self.path}_id": int(chosen)})


class WarehouseOfLevelFilter(WarehouseFilter):
    path = "level__warehouse"

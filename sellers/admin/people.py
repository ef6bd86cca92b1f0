"""Staff and their roles. Nobody hands out more than they have themselves."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from sellers.models import User

#: The roles made by migration, by their stored name.
ROLES = {
    "Warehouse": _("Warehouse"),
    "Manager": _("Manager"),
    "Administrator": _("Administrator"),
}


def role_name(group: Group) -> str:
    return str(ROLES.get(group.name, group.name))


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User], ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "roles", "language", "is_active", "last_login")
    list_filter = ("groups", "is_active")
    search_fields = ("username", "first_name", "last_name")
    search_help_text = _("User name or name")
    list_fullwidth = True
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", ("first_name", "last_name"), "email")}),
        (_("What they may do"), {"fields": ("groups", ("is_active", "is_staff"))}),
        (_("Language"), {"fields": ("language",)}),
        (_("Dates"), {"fields": (("last_login", "date_joined"),)}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", ("password1", "password2"), ("first_name", "last_name"))}),
        (_("What they may do"), {"fields": ("groups",)}),
        (_("Language"), {"fields": ("language",)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not request.user.is_superuser:
            return fieldsets
        return (*fieldsets, (_("Without limits"), {"fields": ("is_superuser",)}))

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.is_staff = True  # everybody made here is made to work here
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return self._may_touch(request, obj) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who left is switched off: the ledger and the timeline still name them."""
        return False

    def _may_touch(self, request: HttpRequest, obj: Any) -> bool:
        return not isinstance(obj, User) or not obj.is_superuser or request.user.is_superuser

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "groups" and field is not None:
            field.label = _("Roles")
            field.help_text = ""
            field.choices = [(group.pk, role_name(group)) for group in Group.objects.all()]
        return field

    @display(description=_("name"))
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @display(description=_("roles"))
    def roles(self, user: User) -> str:
        names = [role_name(group) for group in user.groups.all()]
        return ", ".join([str(_("without limits")), *names] if user.is_superuser else names)


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(DjangoGroupAdmin, ModelAdmin):
    list_display = ("role",)
    search_fields = ("name",)
    list_fullwidth = True

    @display(description=_("role"), ordering="name")
    def role(self, group: Group) -> str:
        return role_name(group)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """The portal's own roles stay; others come and go."""
        own = obj is not None and obj.name in ROLES
        return not own and bool(super().has_delete_permission(request, obj))

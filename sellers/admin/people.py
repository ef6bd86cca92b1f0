"""Staff and their roles. Nobody hands out more than they have themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from sellers.models import User
from sellers.row_ids import is_row_id

# Django's own word on the pages of roles; the translation calls them what the menu does.
_GROUP, _GROUPS = gettext_noop("group"), gettext_noop("groups")

#: The roles made by migration, by their stored name.
ROLES = {
    "Warehouse": _("Warehouse"),
    "Manager": _("Manager"),
    "Administrator": _("Administrator"),
}


def role_name(group: Group) -> str:
    return str(ROLES.get(group.name, group.name))


class RoleFilter(admin.SimpleListFilter):
    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(group.pk), role_name(group)) for group in Group.objects.order_by("name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        chosen = self.value()
        if chosen is None or not is_row_id(chosen):
            return queryset
        return queryset.filter(groups=int(chosen))


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User], ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "full_name", "roles", "language", "is_active", "last_login")
    list_filter = (RoleFilter, "is_active")
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
            field.widget = UnfoldAdminCheckboxSelectMultipleWidget()
            field.choices = [(group.pk, role_name(group)) for group in Group.objects.all()]
        return field

    @display(description=_("name"))
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @display(description=_("roles"))
    def roles(self, user: User) -> str:
        names = [role_name(group) for group in user.groups.all()]
        return ", ".join([str(_("without limits")), *names] if user.is_superuser else names)


VERBS = {
    "view": _("see"),
    "add": _("add"),
    "change": _("change"),
    "delete": _("delete"),
}
#: What a role can be about; the rest of Django's permissions mean nothing here.
SUBJECTS = ("orders", "invoicing", "sellers")


class PermissionBoxes(UnfoldAdminCheckboxSelectMultipleWidget):
    template_name = "sellers/permissions.html"


class RoleForm(forms.ModelForm[Group]):
    """What a role may do, said in the words of the menu and grouped by subject."""

    class Meta:
        model = Group
        fields = ("name", "permissions")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "permissions" in self.fields:
            offered = _offered()
            field = forms.ModelMultipleChoiceField(
                offered, required=False, label=_("What they may do"), widget=PermissionBoxes
            )
            field.choices = _by_subject(offered)
            self.fields["permissions"] = field

    def clean_permissions(self) -> QuerySet[Permission]:
        """What was ticked, and what the role has that is not offered here."""
        ticked: QuerySet[Permission] = self.cleaned_data["permissions"]
        if self.instance._state.adding:
            return ticked
        kept = self.instance.permissions.exclude(pk__in=_offered().order_by().values("pk"))
        chosen = [*ticked.values_list("pk", flat=True), *kept.values_list("pk", flat=True)]
        return Permission.objects.filter(pk__in=chosen)


def _offered() -> QuerySet[Permission]:
    roles = Q(content_type__app_label="auth", content_type__model="group")
    offered = Permission.objects.filter(Q(content_type__app_label__in=SUBJECTS) | roles)
    return offered.select_related("content_type").order_by("content_type", "pk")


def _by_subject(permissions: Iterable[Permission]) -> list[tuple[str, list[tuple[int, str]]]]:
    subjects: dict[str, list[tuple[int, str]]] = {}
    for permission in sorted(permissions, key=_rank):
        model = permission.content_type.model_class()
        if model is not None:
            subject = capfirst(str(model._meta.verbose_name_plural))
            subjects.setdefault(subject, []).append((permission.pk, _said(permission)))
    return sorted(subjects.items())


def _rank(permission: Permission) -> tuple[int, int]:
    """See, add, change, delete; what is said in a sentence comes last."""
    verb = permission.codename.partition("_")[0]
    is_usual = permission.codename == f"{verb}_{permission.content_type.model}"
    return ([*VERBS].index(verb) if is_usual and verb in VERBS else len(VERBS), permission.pk)


def _said(permission: Permission) -> str:
    """A permission as the end of "they may": a verb, or its own sentence in our language."""
    verb = permission.codename.partition("_")[0]
    is_usual = permission.codename == f"{verb}_{permission.content_type.model}"
    return str(VERBS[verb]) if is_usual and verb in VERBS else gettext(permission.name)


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(ModelAdmin):
    form = RoleForm
    fields = ("name", "permissions")
    list_display = ("role",)
    search_fields = ("name",)
    list_fullwidth = True

    @display(description=_("role"), ordering="name")
    def role(self, group: Group) -> str:
        return role_name(group)

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> list[str]:
        """The portal's own roles keep the name by which it knows them."""
        return ["name"] if obj is not None and obj.name in ROLES else []

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """The portal's own roles stay; others come and go."""
        own = obj is not None and obj.name in ROLES
        return not own and bool(super().has_delete_permission(request, obj))

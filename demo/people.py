"""One login for each role. Everybody can read these passwords, so production takes none of them."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth.models import Group

from sellers.models import User


class Login(NamedTuple):
    username: str
    password: str
    role: str
    language: str
    first_name: str


LOGINS = (
    Login("packer", "packing-demo-2718", "Warehouse", "pt-br", "Iara"),
    Login("manager", "managing-demo-2718", "Manager", "en", "Heitor"),
    Login("admin", "admin-demo-2718", "Administrator", "en", "Elisa"),
)
PASSWORDS = frozenset(login.password for login in LOGINS)


def create_logins() -> list[User]:
    """Those that are missing; who exists keeps what was changed since."""
    return [_create(login) for login in LOGINS]


def _create(login: Login) -> User:
    user, is_new = User.objects.get_or_create(
        username=login.username,
        defaults={
            "is_staff": True,
            "language": login.language,
            "first_name": login.first_name,
        },
    )
    if is_new:
        user.set_password(login.password)
        user.save(update_fields=["password"])
        user.groups.add(Group.objects.get(name=login.role))
    return user

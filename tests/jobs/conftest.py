from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import Permission
from django.db import transaction
from django.utils import translation

from jobs.asking import enqueue
from jobs.models import Job
from sellers.models import User
from tests.builders import NOW
from tests.jobs import kinds


class Clock:
    """Stands still, unless each look at it takes `step`."""

    def __init__(self, now: datetime = NOW, step: timedelta = timedelta(0)) -> None:
        self.now, self.step = now, step

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: LazySettings) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"


@pytest.fixture(autouse=True)
def _quiet_kinds() -> Iterator[None]:
    """In English, whatever the last request left behind in this thread."""
    with translation.override("en"):
        yield
    kinds.before_line.clear()


@pytest.fixture
def ana(db: None) -> User:
    """May ask for packing work, whatever became of the roles."""
    user = User.objects.create_user("ana", password="password", is_staff=True)
    for label, codename in (("orders", "pack_order"), ("jobs", "view_job")):
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=label, codename=codename)
        )
    return user


@pytest.fixture
def asked(ana: User) -> Callable[..., Job]:
    """Ana asks for a job of a kind."""

    def ask(kind: str, params: Mapping[str, Any] | None = None, **more: Any) -> Job:
        with transaction.atomic():
            facts: dict[str, Any] = {"user": ana, "now": NOW} | more
            return enqueue(kind, params or {}, **facts)

    return ask

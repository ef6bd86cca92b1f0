"""A manifest is closed while somebody still scans: on board before, or refused after."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

import pytest
from django.utils import timezone

from invoicing import manifests, packing
from invoicing.models import Carrier, Manifest, ManifestEntry, Package
from sellers.errors import Conflict
from sellers.models import User
from tests.builders import Line, an_order
from tests.concurrency.racing import together

pytestmark = pytest.mark.django_db(transaction=True)


def _package(actor: User) -> tuple[Package, str]:
    order = an_order(Line(), now=timezone.now())
    package = packing.open_package(order=order, now=timezone.now(), actor=actor)
    packing.put(
        package=package, line=order.lines.get(), quantity=1, now=timezone.now(), actor=actor
    )
    packing.close(package=package, now=timezone.now(), actor=actor)
    return package, f"{order.seller_order_id}-1"


def _scan_while_it_closes(
    monkeypatch: pytest.MonkeyPatch, *, patience: float
) -> tuple[list[object], Manifest]:
    """Whoever scans has looked whether the manifest is open, and waits before the next step;
    meanwhile the other one closes it, if it can."""
    actor = User.objects.create_superuser("root")
    carrier = Carrier.objects.create(name="Aurora")
    manifest = manifests.open_for(carrier, now=timezone.now(), actor=actor)
    _first, early = _package(actor)
    _second, late = _package(actor)
    manifests.scan(manifest, early, key="early-key", now=timezone.now(), actor=actor)
    looked, closed = Event(), Event()
    check: Callable[..., None] = manifests._require_may_go

    def slowly(*given: object) -> None:
        looked.set()
        closed.wait(patience)
        check(*given)

    def leave() -> None:
        looked.wait(60)
        manifests.close(manifest, now=timezone.now(), actor=actor)
        for entry in manifest.entries.all():
            manifests.hand_over(
                ManifestEntry.objects.select_related("manifest__carrier", "package").get(
                    pk=entry.pk
                ),
                actor=actor,
            )
        closed.set()

    monkeypatch.setattr(manifests, "_require_may_go", slowly)
    ends = together(
        [
            lambda: manifests.scan(manifest, late, key="late-key", now=timezone.now(), actor=actor),
            leave,
        ]
    )
    return ends, manifest


def _left_behind(manifest: Manifest) -> int:
    """On a manifest that left, and not said to have left."""
    manifest.refresh_from_db()
    assert manifest.status == Manifest.Status.CLOSED
    return manifest.entries.filter(handed_over_at=None).count()


def test_what_is_scanned_while_the_van_leaves_is_on_board_or_refused(monkeypatch):
    ends, manifest = _scan_while_it_closes(monkeypatch, patience=0.5)
    assert not any(isinstance(end, Exception) for end in ends)
    assert manifest.entries.count() == 2
    assert _left_behind(manifest) == 0


def test_control_without_the_lock_a_package_is_left_behind(monkeypatch):
    monkeypatch.setattr(
        manifests, "_lock_open", lambda manifest: Manifest.objects.get(pk=manifest.pk)
    )
    _ends, manifest = _scan_while_it_closes(monkeypatch, patience=60)
    assert _left_behind(manifest) == 1


def test_is_refused_once_it_is_closed():
    actor = User.objects.create_superuser("root")
    carrier = Carrier.objects.create(name="Aurora")
    manifest = manifests.open_for(carrier, now=timezone.now(), actor=actor)
    _one, early = _package(actor)
    _two, late = _package(actor)
    manifests.scan(manifest, early, key="early-key", now=timezone.now(), actor=actor)
    manifests.close(manifest, now=timezone.now(), actor=actor)
    with pytest.raises(Conflict) as refusal:
        manifests.scan(manifest, late, key="late-key", now=timezone.now(), actor=actor)
    assert refusal.value.code == "manifest-closed"


def test_two_who_open_a_manifest_get_the_same():
    carrier = Carrier.objects.create(name="Aurora")
    opened = together([lambda: manifests.open_for(carrier, now=timezone.now(), actor=None).pk] * 4)
    assert len(set(opened)) == 1

"""Carriers, the papers of the shop, one manifest that has left and one that is being loaded."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django.db.models import QuerySet

from demo.people import LOGINS
from demo.preparing import SLUG
from invoicing import carrying, manifests
from invoicing.models import Carrier, Manifest, Package, PaperSettings
from invoicing.printing.codes import package_code
from sellers.models import SellerAccount, User

SENDER = "Casa Aurora\nRua do Armazém, 55 · Galpão 3\n04538-132 São Paulo SP"
#: Packed, and on board of the van that is still here.
ON_BOARD = 2


def load_vans(*, now: datetime) -> None:
    """Once; what people did since stays as it is."""
    account = SellerAccount.objects.get(slug=SLUG)
    PaperSettings.objects.get_or_create(account=account, defaults={"sender": SENDER})
    if Manifest.objects.exists():
        return
    packer = User.objects.get(username=LOGINS[0].username)
    _leave(account, packer, now=now)
    _load(account, packer, now=now)


def _leave(account: SellerAccount, packer: User, *, now: datetime) -> None:
    aurora, _is_new = Carrier.objects.get_or_create(
        name="Rápido Aurora", defaults={"url_template": "https://rastreio.example.com/{number}"}
    )
    gone = _packages(account).filter(courier=aurora.name, delivered_at=None)
    if not gone:
        return
    manifest = manifests.open_for(aurora, now=now, actor=packer)
    for package in gone:
        _scan(manifest, package_code(package), packer, now=now)
    manifests.close(manifest, now=now, actor=packer)
    for entry in manifest.entries.select_related("manifest__carrier", "package"):
        manifests.hand_over(entry, actor=packer)


def _load(account: SellerAccount, packer: User, *, now: datetime) -> None:
    """With the postal service's own numbers scanned, but for the last package."""
    post = Carrier.objects.filter(name="Correios", is_active=True).first()
    waiting = list(_packages(account).filter(dispatched_at=None)[:ON_BOARD])
    if post is None or not waiting:
        return
    manifest = manifests.open_for(post, now=now, actor=packer)
    for package in waiting:
        _scan(manifest, package_code(package), packer, now=now)
        if package != waiting[-1]:
            digits = f"{package.pk:08d}"
            number = f"AA{digits}{carrying.check_digit(digits)}BR"
            _scan(manifest, number, packer, now=now)


def _packages(account: SellerAccount) -> QuerySet[Package]:
    closed = Package.objects.filter(order__account=account, status=Package.Status.CLOSED)
    return closed.select_related("order").order_by("pk")


def _scan(manifest: Manifest, text: str, packer: User, *, now: datetime) -> None:
    manifests.scan(manifest, text, key=uuid4().hex, now=now, actor=packer)

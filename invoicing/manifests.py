"""Packages leave with a carrier: scanned onto its manifest, gone when the manifest is closed.

Nothing here asks a carrier for anything: that one can't be reached stops no package.
"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from invoicing import carrying, tracking
from invoicing.models import Carrier, Manifest, ManifestEntry, Package
from invoicing.outcomes import Outcome
from invoicing.printing import finding
from invoicing.printing.codes import package_code
from orders import moving
from orders.models import Order
from orders.states import Status
from sellers.errors import Conflict, DomainError, NotFound
from sellers.models import User

#: Orders whose packages have an invoice and may leave.
_MAY_LEAVE = (Status.HANDLING, Status.INVOICED, Status.SHIPPED)


def open_for(carrier: Carrier, *, now: datetime, actor: User | None) -> Manifest:
    """The carrier's open manifest; a new one when it has none. Two who open get the same."""
    known = Manifest.objects.filter(carrier=carrier, status=Manifest.Status.OPEN).first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            return Manifest.objects.create(carrier=carrier, opened_at=now, opened_by=actor)
    except IntegrityError:
        return Manifest.objects.get(carrier=carrier, status=Manifest.Status.OPEN)


def scan(manifest: Manifest, code: str, *, key: str, now: datetime, actor: User) -> Outcome:
    """A package's code puts it on the manifest; the carrier's own code, scanned next, is its
    tracking number. Raises DomainError with the reason, and then nothing changed.
    """
    text = code.strip()
    ids = finding.named([text], open_too=True).get(text, [])
    if ids:
        return _add(manifest, _the_one(ids), key=key, now=now, actor=actor)
    return _number(manifest, text, actor=actor)


def _the_one(package_ids: list[int]) -> int:
    """Of an order's packages the only one that has not left."""
    waiting = Package.objects.filter(
        pk__in=package_ids, manifest_entry=None, delivered_at=None
    ).values_list("pk", flat=True)
    if len(package_ids) == 1:
        return package_ids[0]
    if len(waiting) == 1:
        return int(waiting[0])
    if not waiting:
        raise Conflict(
            "too-many", _("Every package of this order is on a manifest or delivered already.")
        )
    raise Conflict(
        "several-packages",
        _("This order has %(count)d packages here: scan the label of each.")
        % {"count": len(waiting)},
    )


@transaction.atomic
def _add(manifest: Manifest, package_id: int, *, key: str, now: datetime, actor: User) -> Outcome:
    package = Package.objects.select_related("order").get(pk=package_id)
    order = moving.lock(order_id=package.order_id)
    manifest = _lock_open(manifest)
    package = Package.objects.select_related("order", "manifest_entry__manifest__carrier").get(
        pk=package_id
    )
    entry = getattr(package, "manifest_entry", None)
    if entry is None or entry.key != key:
        _require_may_go(package, order, manifest, entry)
        ManifestEntry.objects.create(
            manifest=manifest, package=package, key=key, scanned_at=now, actor=actor
        )
    facts = {"code": package_code(package), "count": manifest.entries.count()}
    return Outcome(_("%(count)d on board: %(code)s") % facts, tone="right", package_id=package.pk)


def _lock_open(manifest: Manifest) -> Manifest:
    """Its row held (race: it is closed while somebody scans): on board before, or refused after."""
    held = Manifest.objects.select_for_update(no_key=True, of=("self",)).select_related("carrier")
    manifest = held.get(pk=manifest.pk)
    if manifest.status != Manifest.Status.OPEN:
        raise Conflict("manifest-closed", _("This manifest is closed: the van has left."))
    return manifest


def _require_may_go(
    package: Package, order: Order, manifest: Manifest, entry: ManifestEntry | None
) -> None:
    code = {"code": package_code(package)}
    if entry is not None and entry.manifest_id == manifest.pk:
        raise Conflict("too-many", _("%(code)s is on board already.") % code)
    if entry is not None:
        facts = {**code, "manifest": entry.manifest.code, "carrier": entry.manifest.carrier.name}
        raise Conflict(
            "other-manifest",
            _("%(code)s is on manifest %(manifest)s of %(carrier)s.") % facts,
        )
    if package.status != Package.Status.CLOSED:
        raise Conflict("package-open", _("%(code)s is not closed: it has no invoice.") % code)
    if order.status not in _MAY_LEAVE or package.delivered_at:
        facts = {**code, "status": order.get_status_display()}
        raise Conflict("not-to-leave", _("%(code)s must not leave: %(status)s.") % facts)
    if package.courier and package.courier.casefold() != manifest.carrier.name.casefold():
        facts = {**code, "carrier": package.courier}
        raise Conflict("wrong-carrier", _("%(code)s goes with %(carrier)s, not here.") % facts)


@transaction.atomic
def _number(manifest: Manifest, text: str, *, actor: User) -> Outcome:
    """The tracking number of the package that `actor` scanned last, if it can be one."""
    manifest = _lock_open(manifest)
    unknown = NotFound("unknown-code", _("“%(code)s” is no package of ours.") % {"code": text[:60]})
    entry = manifest.entries.filter(actor=actor).select_related("package__order").first()
    carrier = manifest.carrier
    if entry is None or not (carrier.number_format or carrier.has_check_digit):
        raise unknown
    try:
        _name, number, _url = carrying.settle(courier=carrier.name, number=text, url="")
    except DomainError:
        raise unknown from None
    facts = {"code": package_code(entry.package), "number": number}
    if entry.tracking_number and entry.tracking_number != number:
        raise Conflict(
            "too-many",
            _("%(code)s has a tracking number already: scan the next package first.") % facts,
        )
    ManifestEntry.objects.filter(pk=entry.pk).update(tracking_number=number)
    return Outcome(
        _("%(code)s has tracking number %(number)s.") % facts,
        tone="right",
        package_id=entry.package_id,
    )


@transaction.atomic
def take_off(manifest: Manifest, entry_id: int) -> Outcome:
    """Off the van again, as long as it is here. Taken off already, nothing happens."""
    manifest = _lock_open(manifest)
    entry = manifest.entries.filter(pk=entry_id).select_related("package__order").first()
    if entry is None:
        return Outcome(_("It was taken off already."))
    entry.delete()
    return Outcome(_("Taken off: %(code)s") % {"code": package_code(entry.package)})


def last_of(manifest: Manifest, actor: User) -> ManifestEntry | None:
    """What undo takes off."""
    return manifest.entries.filter(actor=actor).first()


@transaction.atomic
def close(manifest: Manifest, *, now: datetime, actor: User) -> Manifest:
    """The van leaves: nothing is added any more. `hand_over` says so of each package, afterwards.

    Closed already, nothing happens. Raises Conflict `empty-manifest`.
    """
    held = Manifest.objects.select_for_update(no_key=True).get(pk=manifest.pk)
    if held.status == Manifest.Status.CLOSED:
        return held
    if not held.entries.exists():
        raise Conflict("empty-manifest", _("Nothing is on board yet."))
    held.status, held.closed_at, held.closed_by = Manifest.Status.CLOSED, now, actor
    held.save(update_fields=["status", "closed_at", "closed_by"])
    return held


@transaction.atomic
def hand_over(entry: ManifestEntry, *, actor: User | None) -> None:
    """A package of a closed manifest has left; once, however often it is called.

    Raises DomainError when the tracking number can't be told; then it has not left.
    """
    manifest = entry.manifest
    moving.lock(order_id=entry.package.order_id)
    waiting = ManifestEntry.objects.filter(pk=entry.pk, handed_over_at=None)
    if manifest.closed_at is None or not waiting.update(handed_over_at=manifest.closed_at):
        return
    tracking.hand_over(
        package=entry.package,
        courier=manifest.carrier.name,
        number=entry.tracking_number,
        manifest=manifest.code,
        at=manifest.closed_at,
        actor=actor,
    )

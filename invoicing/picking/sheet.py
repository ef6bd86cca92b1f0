"""A pick list as it stands on paper: what a page or a PDF of it needs, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from invoicing.models import PickList
from invoicing.picking.walks import Row, Walk, walk_of


@dataclass(frozen=True)
class SheetShare:
    """Units for one slot."""

    slot: int
    quantity: int


@dataclass(frozen=True)
class SheetRow:
    """One SKU, with the barcode to scan: its EAN, else its SKU id."""

    aisle: str
    bin: str
    barcode: str
    ref: str
    ref_code: str
    ean: str
    name: str
    quantity: int
    shares: list[SheetShare]


@dataclass(frozen=True)
class SheetSlot:
    """An order's tick box; `units` are those still to pick."""

    number: int
    order_id: str
    reservation_id: str
    tote: str
    due_at: datetime | None
    units: int


@dataclass(frozen=True)
class Sheet:
    """`code` is what a scan of the paper opens. Moments are aware; `account` and `zone` name whose
    clocks they are to be shown on."""

    code: str
    account: str
    zone: str
    warehouse: str
    picker: str
    started_at: datetime
    units: int
    rows: list[SheetRow]
    slots: list[SheetSlot]


def sheet_of(pick_list: PickList) -> Sheet:
    """What is left to pick, in the order of the walk."""
    walk = walk_of(pick_list)
    owner, account = pick_list.owner, pick_list.warehouse.account
    return Sheet(
        code=str(pick_list),
        account=account.name,
        zone=account.timezone,
        warehouse=pick_list.warehouse.name,
        picker=owner.get_full_name() or owner.get_username(),
        started_at=pick_list.started_at,
        units=walk.to_pick,
        rows=[_row(row) for row in walk.ahead],
        slots=_slots(walk),
    )


def _row(row: Row) -> SheetRow:
    sku = row.sku
    return SheetRow(
        aisle=row.aisle,
        bin=sku.bin_location,
        barcode=sku.ean or sku.ref,
        ref=sku.ref,
        ref_code=sku.ref_code,
        ean=sku.ean,
        name=sku.name,
        quantity=row.to_pick,
        shares=[SheetShare(part.slot.number, part.to_pick) for part in row.waiting],
    )


def _slots(walk: Walk) -> list[SheetSlot]:
    units = {slot.number: 0 for slot in walk.slots}
    for row in walk.rows:
        for part in row.parts:
            units[part.slot.number] += part.to_pick
    return [
        SheetSlot(
            number=slot.number,
            order_id=slot.order.marketplace_order_id,
            reservation_id=slot.order.seller_order_id,
            tote=slot.tote,
            due_at=slot.order.due_at,
            units=units[slot.number],
        )
        for slot in walk.slots
    ]

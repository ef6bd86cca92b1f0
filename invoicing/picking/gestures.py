"""Each gesture of a picker counts once, whatever the network repeats."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.db import transaction

from invoicing.models import PickGesture, PickList
from invoicing.picking import lists
from sellers.models import User


@dataclass(frozen=True)
class Told:
    """What the picker sees and hears. `slots`: how many units go where; `sku_id`: of what."""

    text: str
    tone: str = "info"
    slots: list[tuple[int, int]] = field(default_factory=list)
    sku_id: int | None = None


@transaction.atomic
def once(
    *,
    pick_list: PickList,
    key: str,
    action: str,
    now: datetime,
    actor: User,
    act: Callable[[PickGesture], Told],
) -> Told:
    """Do `act` and remember its answer under `key`; a repeat gets that answer, nothing happens.

    What `act` raises leaves nothing behind, the key neither. Raises Conflict `finished`.
    """
    done = PickGesture.objects.filter(pick_list=pick_list, key=key).first()
    if done is None:
        locked = lists.lock(pick_list)
        done = PickGesture.objects.filter(pick_list=locked, key=key).first()
    if done is not None:
        return Told(**done.answer)
    gesture = PickGesture.objects.create(
        pick_list=pick_list, key=key, action=action, actor=actor, at=now
    )
    told = act(gesture)
    gesture.answer = asdict(told)
    gesture.save(update_fields=["answer"])
    return told

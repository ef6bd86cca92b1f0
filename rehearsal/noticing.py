"""The scene of the order hook: every event twice, and in no order."""

from __future__ import annotations

from collections import Counter

from orders.models import OrderEvent
from rehearsal.stage import Stage, require


def hook_events(stage: Stage) -> None:
    stage.market.knobs(hook_repeat_rate=1.0, hook_spread_ms=400, script=[])
    order = stage.paid(1, handling=False)
    stage.market.cancel(order.marketplace_order_id)
    stage.wait(lambda: not stage.market.unanswered_hooks(), "Events were not answered with 200")
    events = OrderEvent.objects.filter(
        account=stage.account, marketplace_order_id=order.marketplace_order_id
    )
    stage.wait(lambda: not events.filter(processed_at=None).exists(), "Events were not acted on")
    steps = Counter(state for state, _at in stage.shown(order)["history"])
    kept = Counter(events.values_list("state", flat=True))
    require(kept == steps, f"Kept {sum(kept.values())} events of {sum(steps.values())} steps.")
    order.refresh_from_db()
    require(order.marketplace_status == "canceled", f"Noted last: {order.marketplace_status}.")
    stage.weather()

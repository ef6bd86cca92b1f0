"""The comparison itself: every order of the period is read at the marketplace, then the
marketplace is asked which orders it has that we have not.

At the account's own rate, behind what is owed. Killed, it goes on where it was: an order's rows are
written whole, and again if they were written before.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.utils.translation import gettext as _

from jobs.progress import Progress
from jobs.registry import JobFailed
from orders import statuses
from orders.models import Order
from orders.states import Status
from orders.status_names import told
from reporting.models import ReconciledRow, Reconciliation
from reporting.reconciling import documents, reading
from reporting.reconciling.comparing import Differing, compare
from reporting.reconciling.documents import Side
from sellers.errors import NotFound
from sellers.marketplace.asking import Clock, Refused, Unanswered, ask, read_order
from sellers.models import SellerAccount

Kind = ReconciledRow.Kind

_AT_ONCE = 25
#: An order that stays silent for so many tries is left out; so many in a row end the work.
_TRIES, _MOST_SILENT = 8, 5
#: Of the marketplace's list; beyond the last page it shows nothing.
_PAGE_SIZE, _LAST_PAGE = 100, 30
#: Orders of other sellers are in the list too, and each must be read to know.
MOST_FOREIGN = 2_000


class Reconciler:
    """One run. `progress.cursor` is `{"after": id}` in our orders, then `{"day": …}` in theirs."""

    def __init__(self, reconciliation: Reconciliation, progress: Progress, clock: Clock) -> None:
        self.reconciliation, self.progress, self.clock = reconciliation, progress, clock
        self.account: SellerAccount = reconciliation.account
        self.silent = 0

    def run(self) -> None:
        """Raises JobFailed when the marketplace refuses us or stays silent."""
        cursor = self.progress.cursor
        if "day" not in cursor:
            self._compare_ours(after=cursor.get("after", 0))
            cursor = {"day": self.reconciliation.since.isoformat(), "read": 0}
            self.progress.checkpoint(cursor)
        self._look_for_theirs(date.fromisoformat(cursor["day"]), read=cursor["read"])
        Reconciliation.objects.filter(pk=self.reconciliation.pk).update(finished_at=self.clock())

    # --- ours -------------------------------------------------------------------------------------

    def _compare_ours(self, *, after: int) -> None:
        orders = reading.orders_of(self.reconciliation)
        self.progress.expect(orders.count())
        while part := list(orders.filter(pk__gt=after)[:_AT_ONCE]):
            sides = reading.sides_of(part)
            for order in part:
                self._write(order.marketplace_order_id, self._rows(order, sides[order.pk]))
                self.progress.advance(note=order.marketplace_order_id)
            after = part[-1].pk
            self.progress.checkpoint({"after": after})

    def _rows(self, order: Order, ours: Side) -> list[ReconciledRow]:
        try:
            document = self._read(order.marketplace_order_id)
        except NotFound:
            return [self._missing_there(order)]
        if document is None:
            return [self._row(order.marketplace_order_id, Kind.UNREAD, order=order)]
        found = compare(ours, documents.read(document), currency=self.account.currency)
        return [self._differing(order, each) for each in found] or [
            self._row(order.marketplace_order_id, Kind.MATCHED, order=order)
        ]

    def _missing_there(self, order: Order) -> ReconciledRow:
        """An order that ended here before anything left is missed by nobody."""
        if order.status in (Status.EXPIRED, Status.CANCELLED):
            return self._row(order.marketplace_order_id, Kind.MATCHED, order=order)
        row = self._row(order.marketplace_order_id, Kind.MISSING_THERE, order=order)
        row.ours, row.cents = str(order.get_status_display()), -order.payment_value_cents
        return row

    def _differing(self, order: Order, found: Differing) -> ReconciledRow:
        row = self._row(order.marketplace_order_id, Kind.DIFFERS, order=order)
        row.field, row.bucket, row.about = found.field, found.bucket, found.about
        row.ours, row.theirs, row.cents = found.ours[:200], found.theirs[:200], found.cents
        return row

    # --- theirs -----------------------------------------------------------------------------------

    def _look_for_theirs(self, day: date, *, read: int) -> None:
        """Day by day, so that no list is longer than the marketplace shows."""
        while day <= self.reconciliation.until:
            self.progress.advance(0, note=day.isoformat())
            try:
                unknown = self._unknown_here(day)
            except (Refused, NotFound) as refusal:
                self.progress.problem(
                    _("The marketplace does not list its orders to us: %s") % refusal.message
                )
                return
            for order_id in unknown:
                if read >= MOST_FOREIGN:
                    self.progress.problem(_("Too many orders of other sellers to read them all."))
                    return
                read += 1
                self._write(order_id, list(self._missing_here(order_id)))
                self.progress.advance(0)
            day += timedelta(days=1)
            self.progress.checkpoint({"day": day.isoformat(), "read": read})

    def _unknown_here(self, day: date) -> list[str]:
        """Ids on the marketplace's list of a day that are none of our orders."""
        listed = list(self._listed(*reading.bounds(self.account, day, day)))
        ours = Order.objects.filter(account=self.account, marketplace_order_id__in=listed)
        known = set(ours.values_list("marketplace_order_id", flat=True))
        return [order_id for order_id in listed if order_id not in known]

    def _listed(self, begin: datetime, end: datetime) -> Iterator[str]:
        for page in range(1, _LAST_PAGE + 1):
            answer = self._patiently(lambda: self._page(begin, end, page))  # noqa: B023  (called at once)
            rows = answer.get("list") if isinstance(answer, dict) else None
            found = [row for row in rows or () if isinstance(row, dict) and row.get("orderId")]
            yield from (str(row["orderId"])[:60] for row in found)
            if len(found) < _PAGE_SIZE:
                return
        self.progress.problem(_("The marketplace's list is cut off on %s.") % f"{begin:%Y-%m-%d}")

    def _page(self, begin: datetime, end: datetime, page: int) -> Any:
        last = end - timedelta(milliseconds=1)
        span = " TO ".join(
            f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
            for moment in (begin, last)
        )
        query = {
            "f_creationDate": f"creationDate:[{span}]",
            "orderBy": "creationDate,asc",
            "page": page,
            "per_page": _PAGE_SIZE,
        }
        path = f"/api/oms/pvt/orders?{urlencode(query)}"
        return ask(account=self.account, method="GET", path=path, clock=self.clock)

    def _missing_here(self, order_id: str) -> Iterator[ReconciledRow]:
        """Ours by its document, and alive: nobody waits for one that ended before it reached us."""
        try:
            document = self._read(order_id)
        except NotFound:
            return
        if document is None:
            yield self._row(order_id, Kind.UNREAD)
            return
        theirs, sellers = documents.read(document), documents.sellers_of(document)
        if self.account.seller_id in sellers and theirs.status not in statuses.ENDED:
            row = self._row(order_id, Kind.MISSING_HERE)
            row.theirs, row.cents = told(theirs.status)[:200], theirs.total
            yield row

    # --- asking and writing -----------------------------------------------------------------------

    def _read(self, order_id: str) -> dict[str, Any] | None:
        """The document; None when it can't be had now. Raises NotFound, JobFailed."""
        try:
            answer = self._patiently(
                lambda: read_order(
                    account=self.account, marketplace_order_id=order_id, clock=self.clock
                )
            )
        except Refused as refusal:
            if refusal.answer_status in (401, 403):
                raise JobFailed(
                    _("The marketplace does not let us read orders: %s") % refusal.message
                ) from refusal
            return None
        return answer if isinstance(answer, dict) else None

    def _patiently(self, question: Any) -> Any:
        """Asked again while the marketplace is busy; None after many tries. Raises JobFailed when
        it stays silent whatever is asked."""
        for _try in range(_TRIES):
            try:
                answer = question()
            except Unanswered as silence:
                self._wait(until=silence.until)
            else:
                self.silent = 0
                return answer
        self.silent += 1
        if self.silent >= _MOST_SILENT:
            raise JobFailed(_("The marketplace does not answer. Try again later."))
        return None

    def _wait(self, *, until: datetime) -> None:
        """With signs of life; at most a minute, as the circuit may close earlier."""
        seconds = min(60.0, max(0.2, (until - self.clock()).total_seconds()))
        while seconds > 0:
            time.sleep(min(1.0, seconds))
            seconds -= 1.0
            self.progress.advance(0)

    def _row(self, order_id: str, kind: str, *, order: Order | None = None) -> ReconciledRow:
        return ReconciledRow(
            reconciliation=self.reconciliation,
            marketplace_order_id=order_id,
            kind=kind,
            order=order,
        )

    @transaction.atomic
    def _write(self, order_id: str, rows: Sequence[ReconciledRow]) -> None:
        before = ReconciledRow.objects.filter(
            reconciliation=self.reconciliation, marketplace_order_id=order_id
        )
        before.delete()
        ReconciledRow.objects.bulk_create(rows)

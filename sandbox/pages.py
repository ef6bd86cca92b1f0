"""What the marketplace sees, for people: one list, one page per order, one page of knobs."""

import json
from html import escape
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, quote

from sandbox.knobs import FAULTS
from sandbox.market import Marketplace
from sandbox.orders import Order
from sandbox.wire import Answer, Json, Refused, Request

ROWS = 200
SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
STYLE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1200px;padding:1rem 1.5rem}
h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
th{font-weight:600;white-space:nowrap}.n{text-align:right;font-variant-numeric:tabular-nums}
nav a{margin-right:1rem}b.ok{color:#157f3b}b.wait{color:#a15c00}b.bad{color:#c0262d}
code{font-size:.85em;overflow-wrap:anywhere}label{display:block;margin:.4rem 0}
label span{display:inline-block;width:12rem}.scroll{overflow-x:auto}
"""
COLOURS = {"invoiced": "ok", "canceled": "bad", "order-creation-error": "bad"}


def answer(market: Marketplace, request: Request) -> Answer:
    try:
        if request.method == "POST" and request.path == "/knobs":
            return _turn(market, request)
        if request.method != "GET":
            raise Refused(405, "1", "This page is for reading.")
        return _html(_page(market, request.path))
    except Refused as refused:
        return _html(_frame("Refused", f"<p>{escape(refused.message)}</p>"), refused.status)


def _page(market: Marketplace, path: str) -> str:
    with market.book.lock:
        if path == "/":
            return _index(market)
        if path.startswith("/orders/"):
            return _order(market, market.book.get(path.removeprefix("/orders/")))
    if path == "/knobs":
        return _knobs(market)
    raise Refused(404, "1", "No such page.")


def _html(text: str, status: int = 200) -> Answer:
    return Answer(status, text, headers=SAFE, content_type="text/html; charset=utf-8")


def _frame(title: str, body: str, *, refresh: bool = False) -> str:
    again = '<meta http-equiv="refresh" content="5">' if refresh else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{again}'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        '<nav><a href="/">Orders</a><a href="/knobs">Knobs</a></nav>'
        f"<h1>{escape(title)}</h1>{body}</body></html>"
    )


def _table(heads: str, rows: list[list[str]]) -> str:
    """Cells are HTML already. A head that starts with # aligns its column to the right."""
    columns = heads.split("|")
    kind = [' class="n"' if head.startswith("#") else "" for head in columns]
    head = "".join(f"<th{k}>{h.lstrip('#')}</th>" for k, h in zip(kind, columns, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{k}>{c}</td>" for k, c in zip(kind, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _money(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02d}"


def _status(order: Order) -> str:
    return f'<b class="{COLOURS.get(order.status, "wait")}">{escape(order.status)}</b>'


def _time(moment: str) -> str:
    return escape(moment[11:19])


def _text(value: Any) -> str:
    return escape(str(value)) if value not in (None, "") else "–"


def _index(market: Marketplace) -> str:
    book = market.book
    shown = list(islice(reversed(book.orders.values()), ROWS))
    config = market.config
    intro = (
        f"<p>{len(book.orders)} orders, {len(book.anomalies)} anomalies. Seller "
        f"<b>{_text(config.seller_id)}</b> at <code>{_text(config.portal)}</code>. "
        "Amounts in currency units.</p>"
    )
    heads = "Order|Seller's order|Shopper|Status|#Value|#Invoiced|#Remaining|Packages|Last step"
    return _frame(
        f"{config.account}: orders as the marketplace sees them",
        intro + _table(heads, [_row(order) for order in shown]) + _anomalies(market),
        refresh=True,
    )


def _row(order: Order) -> list[str]:
    name = order.placement.get("clientProfileData", {}).get("firstName")
    packages = "<br>".join(_package(package) for package in order.packages) or "–"
    return [
        f'<a href="/orders/{quote(order.id, safe="")}">{escape(order.id)}</a>',
        _text(order.seller_order_id),
        _text(name),
        _status(order),
        _money(order.value),
        _money(order.invoiced),
        _money(order.remaining),
        packages,
        _time(order.history[-1][1]),
    ]


def _package(package: Json) -> str:
    sign = "return " if package["type"] == "Input" else ""
    told = f" · {package['trackingNumber']}" if package["trackingNumber"] else ""
    arrived = " · delivered" if (package["courierStatus"] or {}).get("finished") else ""
    value = _money(package["invoiceValue"])
    return escape(f"{sign}{package['invoiceNumber']}: {value}{told}{arrived}")


def _anomalies(market: Marketplace) -> str:
    newest = list(islice(reversed(market.book.anomalies), 50))
    rows = [
        [_time(a["at"]), _text(a["kind"]), _text(a["order"]), _text(a["detail"])] for a in newest
    ]
    heads = "At|Anomaly|Order|Detail"
    return "<h2>Anomalies</h2>" + (_table(heads, rows) if rows else "<p>None.</p>")


def _order(market: Marketplace, order: Order) -> str:
    intro = (
        f"<p>{_status(order)} · seller's order {_text(order.seller_order_id)} · value "
        f"{_money(order.value)} · invoiced {_money(order.invoiced)} · remaining "
        f"{_money(order.remaining)} · returned {_money(order.returned)}</p>"
    )
    lines = [
        [str(i), _text(line["id"]), str(line["quantity"]), _money(line["price"])]
        for i, line in enumerate(order.lines)
    ]
    steps = [[_time(at), _text(status)] for status, at in order.history]
    changes = [
        [_time(c["at"]), _text(_taken_off(c)), _text(c["status"]), _text(c.get("why", c["reason"]))]
        for c in order.changes
    ]
    body = (
        intro
        + "<h2>Items</h2>"
        + _table("Line|SKU|#Quantity|#Unit price", lines)
        + ("<h2>Changes</h2>" + _table("At|Taken off|Status|Why", changes) if changes else "")
        + "<h2>Packages</h2>"
        + _table(
            "Invoice|Type|#Value|Items|Tracking|Events|#Received",
            [_package_row(order, package) for package in order.packages],
        )
        + "<h2>Steps</h2>"
        + _table("At|Status", steps)
        + "<h2>Calls</h2>"
        + _table("At||Call|#Status|#ms|Note|Body", [_call(c) for c in reversed(order.calls)])
    )
    return _frame(f"Order {order.id}", body, refresh=True)


def _taken_off(change: Json) -> str:
    return ", ".join(f"{item['quantity']} × {item['id']}" for item in change["remove"])


def _package_row(order: Order, package: Json) -> list[str]:
    items = "<br>".join(
        f"{row['quantity']} × {escape(order.lines[row['itemIndex']]['id'])}"
        for row in package["items"]
    )
    told = " · ".join(filter(None, (package["courier"], package["trackingNumber"])))
    events = (package["courierStatus"] or {"data": [], "finished": False})["data"]
    seen = "<br>".join(_text(f"{e['createDate']} {e['description']}") for e in events)
    refund = {"Output": "", "Input": " (refund)" if package["restitutions"] else " (no refund)"}
    return [
        _text(package["invoiceNumber"]),
        _text(package["type"] + refund[package["type"]]),
        _money(package["invoiceValue"]),
        items,
        _text(told),
        seen or "–",
        str(order.received[package["invoiceNumber"]]["times"]),
    ]


def _call(call: Json) -> list[str]:
    arrow = "seller →" if call["direction"] == "in" else "→ seller"
    body = json.dumps(call["body"], ensure_ascii=False)
    return [
        _time(call["at"]),
        arrow,
        _text(f"{call['method']} {call['path']}"),
        str(call["status"] or "none"),
        str(call["ms"]),
        _text(call["note"]),
        f"<code>{escape(body[:1500])}</code>",
    ]


def _knobs(market: Marketplace) -> str:
    fields = "".join(
        f'<label><span>{escape(name)}</span><input name="{escape(name)}" value="'
        f'{escape("" if value is None else str(value))}"></label>'
        for name, value in market.knobs.show().items()
        if name != "script"
    )
    faults = [[escape(fault), escape(meaning)] for fault, meaning in FAULTS.items()]
    return _frame(
        "How badly the marketplace behaves",
        f'<form method="post" action="/knobs">{fields}<button>Turn</button></form>'
        "<h2>Faults</h2>" + _table("Fault|What happens", faults),
    )


def _turn(market: Marketplace, request: Request) -> Answer:
    form = dict(parse_qsl(request.raw.decode(errors="replace"), keep_blank_values=True))
    market.knobs.turn(form)
    return Answer(303, "", headers=SAFE | {"Location": "/knobs"}, content_type="text/plain")

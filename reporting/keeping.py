"""Which orders have a difference that a person must mend: kept by the database, never by hand.

Asking it of a million orders takes seconds, and the better a shop is run the fewer there are to be
found; so the answer is kept, in `reporting_difference`, a row for each such order. Triggers settle
it anew, in the same transaction, whenever something it depends on changes: whoever writes invoices
needs to know nothing of it, and no statement gets round it. What it says is `figures.CAUSE`, put
into the database by `install`, which a migration runs whenever the definition changes
(docs/adr/0006).
"""

from __future__ import annotations

from collections.abc import Callable

from orders.states import OPEN
from reporting import figures
from reporting.figures import TO_MEND, UNPAID
from reporting.statements import parts_of

_PARTS = (figures.LINES, figures.INVOICES, figures.INVOICED_UNITS)


def differences_of(source: str) -> str:
    """Order, cents and cause of the orders that `source` selects as `key`, all of them."""
    tables, joins = parts_of(_PARTS)
    return (
        f"WITH chosen AS MATERIALIZED ({source}){tables} "  # noqa: S608  (our own text)
        f"SELECT chosen.key AS order_id, {figures.UNEXPLAINED} AS cents, {figures.CAUSE} AS cause "
        f"FROM chosen JOIN orders_order o ON o.id = chosen.key {joins}"
    )


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{value}'" for value in values)


#: An order can't have a difference to mend while it is only placed or being packed, as long as its
#: rows add up; so the way of every good order up to its invoice costs nothing here.
_EARLY = tuple(str(status) for status in (*UNPAID[:1], *OPEN))
_MAY_DIFFER = (
    f"NEW.status NOT IN ({_listed(_EARLY)}) OR NEW.payment_value_cents <> NEW.items_cents"
    " - NEW.discounts_cents + NEW.services_cents + NEW.freight_cents"
)
_DID_DIFFER = _MAY_DIFFER.replace("NEW.", "OLD.")

FUNCTIONS = f"""
CREATE OR REPLACE FUNCTION reporting_settle(orders bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Two transactions that change invoices of one order settle one after the other, so that the
    -- second sees what the first wrote. Whoever decides about an order holds its row already.
    PERFORM FROM orders_order WHERE id = ANY(orders) ORDER BY id FOR NO KEY UPDATE;
    DELETE FROM reporting_difference WHERE order_id = ANY(orders);
    INSERT INTO reporting_difference (order_id, cents, cause)
    SELECT order_id, cents, cause FROM (
        {differences_of("SELECT DISTINCT key FROM unnest(orders) AS key")}
    ) found WHERE cause IN ({_listed(TO_MEND)});
END $$;

CREATE OR REPLACE FUNCTION reporting_order_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM reporting_settle(ARRAY[NEW.id]);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION reporting_lines_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE found bigint[];
BEGIN
    SELECT array_agg(DISTINCT o.id) INTO found
      FROM changed JOIN orders_order o ON o.id = changed.order_id
     WHERE o.status NOT IN ({_listed(UNPAID[:1])});
    IF found IS NOT NULL THEN PERFORM reporting_settle(found); END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION reporting_invoices_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM reporting_settle(ARRAY(SELECT DISTINCT order_id FROM changed));
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION reporting_invoice_lines_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM reporting_settle(ARRAY(
        SELECT DISTINCT i.order_id
          FROM changed JOIN invoicing_invoice i ON i.id = changed.invoice_id
    ));
    RETURN NULL;
END $$;
"""  # noqa: S608  (our own text)


def _statement_triggers(table: str, function: str) -> str:
    """One call for each statement, whatever the number of its rows."""
    rows = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}
    return "".join(
        f"CREATE OR REPLACE TRIGGER reporting_{event.lower()} AFTER {event} ON {table} "
        f"REFERENCING {side} TABLE AS changed "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}();\n"
        for event, side in rows.items()
    )


TRIGGERS = f"""
CREATE OR REPLACE TRIGGER reporting_insert AFTER INSERT ON orders_order
FOR EACH ROW WHEN ({_MAY_DIFFER}) EXECUTE FUNCTION reporting_order_changed();
CREATE OR REPLACE TRIGGER reporting_update
AFTER UPDATE OF status, payment_value_cents, items_cents, discounts_cents, services_cents,
                freight_cents ON orders_order
FOR EACH ROW WHEN ({_MAY_DIFFER} OR {_DID_DIFFER}) EXECUTE FUNCTION reporting_order_changed();
""" + "".join(
    _statement_triggers(table, function)
    for table, function in (
        ("orders_orderline", "reporting_lines_changed"),
        ("invoicing_invoice", "reporting_invoices_changed"),
        ("invoicing_invoiceline", "reporting_invoice_lines_changed"),
    )
)


def install(execute: Callable[[str], object]) -> None:
    """Put the definition into the database, in place of the one that is there."""
    execute(FUNCTIONS)
    execute(TRIGGERS)


#: For a load of many rows at once, with triggers off: all that is kept, made anew.
SETTLE_ALL = f"""
DELETE FROM reporting_difference;
INSERT INTO reporting_difference (order_id, cents, cause)
SELECT order_id, cents, cause FROM (
    {differences_of("SELECT id AS key FROM orders_order")}
) found WHERE cause IN ({_listed(TO_MEND)})
"""  # noqa: S608  (our own text)

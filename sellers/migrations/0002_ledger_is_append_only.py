"""The stock ledger is written, never rewritten: the database itself refuses UPDATE and DELETE."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the stock ledger is append-only: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER stock_ledger_is_append_only
    BEFORE UPDATE OR DELETE ON sellers_stockmovement
    FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
"""

BACKWARD = """
DROP TRIGGER stock_ledger_is_append_only ON sellers_stockmovement;
DROP FUNCTION refuse_ledger_change();
"""


class Migration(migrations.Migration):
    dependencies = [("sellers", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

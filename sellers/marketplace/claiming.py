"""Which messages are sent next: one statement that chooses, locks and leases them."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings

from sellers.marketplace import breaker
from sellers.marketplace.models import OutboxMessage
from sellers.models.accounts import SellerAccount

#: A lease runs out only when its worker is gone: no delivery begins that could outlast it.
LEASE = timedelta(seconds=120)
#: Reading the order and sending, each within the deadline and after waiting for its turn.
LONGEST_DELIVERY = timedelta(seconds=70)

#: A message waits for every earlier one of its subject. Statuses only ever leave the blocking
#: ones, or come back to them from there, so an old snapshot can make us wait, never overtake.
#: The start of handling is a courtesy: once it was refused or given up, nothing waits for it.
FIRST_OF_ITS_SUBJECT = """
    NOT EXISTS (
        SELECT 1 FROM sellers_outboxmessage earlier
        WHERE earlier.account_id = message.account_id
          AND earlier.subject = message.subject
          AND earlier.id < message.id
          AND earlier.status IN ('pending', 'rejected', 'exhausted', 'unauthorised')
          AND NOT (earlier.kind = 'start-handling' AND earlier.status IN ('rejected', 'exhausted'))
    )
"""

# Each account offers its next few (SKIP LOCKED: two claimers share the work, neither waits), as
# many as it may have under way. Accounts with the fewest calls under way are served first.
# A lease that was never given back means a worker died: its message may have arrived.
_CLAIM = """
    WITH offered AS (
        SELECT turn.id,
               busy.calls + row_number() OVER (
                   PARTITION BY account.id ORDER BY turn.priority, turn.due_at, turn.id
               ) AS place
        FROM sellers_selleraccount account
        CROSS JOIN LATERAL (
            SELECT count(*) AS calls FROM sellers_outboxmessage leased
            WHERE leased.account_id = account.id AND leased.status = 'pending'
              AND leased.leased_until > %(now)s
        ) busy
        CROSS JOIN LATERAL (
            SELECT message.id, message.priority, message.due_at
            FROM sellers_outboxmessage message
            WHERE message.account_id = account.id AND message.status = 'pending'
              AND message.due_at <= %(now)s
              AND (message.leased_until IS NULL OR message.leased_until <= %(now)s)
              AND {first_of_its_subject}
            ORDER BY message.priority, message.due_at, message.id
            LIMIT LEAST(%(limit)s, GREATEST(0, %(per_account)s - busy.calls))
            FOR UPDATE SKIP LOCKED
        ) turn
        WHERE account.id <> ALL(%(resting)s)
          AND NOT EXISTS (
              SELECT 1 FROM sellers_outboxmessage refused
              WHERE refused.account_id = account.id AND refused.status = 'unauthorised'
          )
    ), chosen AS (
        SELECT id FROM offered ORDER BY place, random() LIMIT %(limit)s
    )
    UPDATE sellers_outboxmessage message
    SET lease = %(lease)s, leased_until = %(leased_until)s,
        in_doubt = message.in_doubt OR message.lease IS NOT NULL
    FROM chosen WHERE message.id = chosen.id
    RETURNING message.*
"""


#: What a call needs of its account; the other secrets need not be decrypted each time.
_TO_CALL = ("marketplace_url", "services_hosts", "app_key", "app_token")


def claim_due(*, now: datetime, limit: int) -> list[OutboxMessage]:
    """Up to `limit` messages to send now, leased to the caller; each comes with its account.

    Never a message with an unfinished earlier one of its subject, never one of an account whose
    circuit is open or whose credentials were refused. One statement, so it claims all or nothing.
    """
    facts = {
        "now": now,
        "limit": limit,
        "per_account": settings.OUTBOUND_CALLS_PER_ACCOUNT,
        "resting": breaker.resting(now=now),
        "lease": uuid.uuid4(),
        "leased_until": now + LEASE,
    }
    statement = _CLAIM.format(first_of_its_subject=FIRST_OF_ITS_SUBJECT)
    claimed = list(OutboxMessage.objects.raw(statement, facts))
    ids = {message.account_id for message in claimed}
    accounts = SellerAccount.objects.only(*_TO_CALL).in_bulk(ids)
    for message in claimed:
        message.account = accounts[message.account_id]
    return claimed

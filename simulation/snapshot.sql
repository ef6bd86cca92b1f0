-- What lives: one line per SKU of the cart that exists, one with nulls when none does.
-- $1 endpoint key, $2 SKU ids, $3 sales channel, $4 now.
-- The columns are those of snapshot._Account, then those of types.Offer.
SELECT a.id, a.seller_id, a.country, a.timezone, a.tariff_revision,
    a.inbound_app_key, a.inbound_app_token, u.booked,
    s.id, s.ref, s.is_active,
    COALESCE(c.price_cents, s.price_cents),
    GREATEST(
        COALESCE(c.price_cents, s.price_cents), COALESCE(c.list_price_cents, s.list_price_cents)
    ),
    c.id IS NOT NULL,
    s.price_valid_until, s.weight_g, s.measurement_unit, s.unit_multiplier::float8,
    CASE WHEN s.offerings <> '[]' THEN s.offerings::text END,
    ARRAY(
        SELECT ARRAY[
            v.warehouse_id, v.on_hand, v.safety, v.held,
            -- A hold that has run out stops counting at that moment, tidied away or not.
            CASE WHEN v.held > 0 THEN COALESCE((
                SELECT sum(h.quantity) FROM sellers_hold h
                WHERE h.level_id = v.id AND h.state = 'held' AND h.expires_at <= $4
            ), 0) ELSE 0 END
        ]
        FROM sellers_stocklevel v
        WHERE v.sku_id = s.id
    )
FROM sellers_selleraccount a
LEFT JOIN LATERAL (
    SELECT array_agg(ROW(b.policy_id, b.day, b.starts_at, b.ends_at, b.orders)) AS booked
    FROM sellers_capacityuse b
    -- Whatever the account's time zone, its today has begun since.
    WHERE b.account_id = a.id AND b.day >= ($4::timestamptz - interval '1 day')::date
) u ON true
LEFT JOIN sellers_sku s ON s.account_id = a.id AND s.ref = ANY($2)
LEFT JOIN sellers_saleschannelprice c ON c.sku_id = s.id AND c.sales_channel = $3
-- Two indexes, one account: a key that was replaced still answers until its time is over.
WHERE (a.endpoint_key = $1
    OR (a.old_endpoint_key = $1 AND a.old_endpoint_key_until > $4))
    AND a.is_active

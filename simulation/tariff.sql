-- Everything a tariff is made of, as one document: one statement, one moment.
SELECT json_build_object(
    'revision', a.tariff_revision,
    'warehouses', COALESCE((
        SELECT json_agg(json_build_object(
            'id', w.id, 'code', w.code, 'country', w.country, 'state', w.state,
            'postal_code', w.postal_code,
            'cutoff', w.cutoff, 'handling_days', w.handling_days
        ) ORDER BY w.priority, w.code)
        FROM sellers_warehouse w WHERE w.account_id = a.id AND w.is_active
    ), '[]'),
    'closures', COALESCE((
        SELECT json_agg(json_build_object('warehouse', c.warehouse_id, 'day', c.closed_on))
        FROM sellers_closure c
        WHERE c.account_id = a.id
            -- Those behind us as well: an order's time counts from the day it was authorised.
            AND c.closed_on >= (%(since)s::timestamptz)::date - 60
    ), '[]'),
    'policies', COALESCE((
        SELECT json_agg(json_build_object(
            'id', p.id, 'ref', p.ref, 'name', p.name, 'channel', p.channel,
            'daily_capacity', p.daily_capacity,
            'warehouses', COALESCE((
                SELECT json_agg(pw.warehouse_id ORDER BY pw.position, w.priority, w.code)
                FROM sellers_policywarehouse pw JOIN sellers_warehouse w ON w.id = pw.warehouse_id
                WHERE pw.policy_id = p.id
            ), '[]'),
            'scheduled', EXISTS (SELECT FROM sellers_deliverywindow d WHERE d.policy_id = p.id),
            'windows', COALESCE((
                SELECT json_agg(json_build_object(
                    'starts_at', d.starts_at, 'ends_at', d.ends_at,
                    'price', d.price_cents, 'capacity', d.capacity
                ) ORDER BY d.starts_at, d.ends_at)
                FROM sellers_deliverywindow d
                WHERE d.policy_id = p.id AND d.starts_at >= %(since)s
            ), '[]'),
            'pickup', (
                SELECT json_build_object(
                    'ref', u.ref, 'friendly_name', u.friendly_name,
                    'additional_info', u.additional_info, 'postal_code', u.postal_code,
                    'city', u.city, 'state', u.state, 'country', u.country, 'street', u.street,
                    'number', u.number, 'neighborhood', u.neighborhood,
                    'complement', u.complement, 'reference', u.reference,
                    'longitude', u.longitude, 'latitude', u.latitude
                )
                FROM sellers_pickuppoint u WHERE u.id = p.pickup_point_id
            )
        ) ORDER BY p.id)
        FROM sellers_shippingpolicy p WHERE p.account_id = a.id AND p.is_active
    ), '[]'),
    'rates', COALESCE((
        SELECT json_agg(band ORDER BY band.max_weight_g NULLS LAST)
        FROM (
            SELECT r.policy_id AS policy, r.country, length(r.postal_from) AS digits,
                r.max_weight_g,
                json_agg(r.postal_from::bigint ORDER BY r.postal_from, r.id) AS starts,
                json_agg(r.postal_to::bigint ORDER BY r.postal_from, r.id) AS ends,
                json_agg(r.price_cents ORDER BY r.postal_from, r.id) AS prices,
                json_agg(r.estimate ORDER BY r.postal_from, r.id) AS estimates
            FROM sellers_freightrate r
            JOIN sellers_shippingpolicy p ON p.id = r.policy_id
            -- What is no range of digits can't be matched by any postal code.
            WHERE p.account_id = a.id AND p.is_active
                AND r.postal_from ~ '^[0-9]+$' AND r.postal_to ~ '^[0-9]+$'
                AND length(r.postal_from) = length(r.postal_to)
            GROUP BY 1, 2, 3, 4
        ) band
    ), '[]')
)::text
FROM sellers_selleraccount a
WHERE a.id = %(account)s

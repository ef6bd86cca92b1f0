// The freight tables of an account, compiled once per revision: sorted columns, found by bisection.
const kept = new Map();

export async function tariffOf(pool, account, revision) {
  const known = kept.get(account);
  if (known?.revision === revision) return known.tariff;
  const tariff = load(pool, account);
  kept.set(account, { revision, tariff });
  return tariff;
}

async function load(pool, account) {
  const read = async (text) => (await pool.query(text, [account])).rows;
  const warehouses = await read(
    `SELECT id::int4, country, state, cutoff, handling_days FROM sellers_warehouse
     WHERE account_id = $1 AND is_active ORDER BY priority, code`,
  );
  const policies = await read(
    `SELECT p.id::int4, p.ref, p.name, p.channel, p.daily_capacity, row_to_json(u) AS point,
       array(SELECT w.warehouse_id::int4 FROM sellers_policywarehouse w
             WHERE w.policy_id = p.id ORDER BY w.position) AS warehouses
     FROM sellers_shippingpolicy p LEFT JOIN sellers_pickuppoint u ON u.id = p.pickup_point_id
     WHERE p.account_id = $1 AND p.is_active ORDER BY p.channel, p.ref`,
  );
  const rates = await read(
    `SELECT r.policy_id::int4 AS policy, r.country, r.max_weight_g, r.postal_from, r.postal_to,
       r.price_cents::float8 AS price, r.estimate
     FROM sellers_freightrate r JOIN sellers_shippingpolicy p ON p.id = r.policy_id
     WHERE p.account_id = $1 AND p.is_active
     ORDER BY r.max_weight_g NULLS LAST, r.postal_from`,
  );
  return new Tariff(warehouses, policies, rates);
}

class Tariff {
  constructor(warehouses, policies, rates) {
    this.warehouses = new Map(warehouses.map((each) => [each.id, each]));
    this.shipsTo = [...new Set(rates.map((rate) => rate.country))].sort();
    this.policies = policies.map((row) => ({
      ...row,
      warehouses: row.warehouses.filter((id) => this.warehouses.has(id)),
      pickup: row.point && pickup(row.point),
      bands: new Map(),
    }));
    const byId = new Map(this.policies.map((policy) => [policy.id, policy]));
    for (const rate of rates) this.#add(byId.get(rate.policy).bands, rate);
  }

  #add(bands, rate) {
    const key = `${rate.country}/${rate.postal_from.length}/${rate.max_weight_g}`;
    let band = bands.get(key);
    if (!band) {
      band = { country: rate.country, digits: rate.postal_from.length, maxWeight: rate.max_weight_g };
      Object.assign(band, { starts: [], ends: [], cells: [] });
      bands.set(key, band);
    }
    band.starts.push(Number(rate.postal_from));
    band.ends.push(Number(rate.postal_to));
    band.cells.push({ maxWeight: rate.max_weight_g, price: rate.price, estimate: rate.estimate });
  }

  // The policies that go there and are not full, each with its rates from light to heavy.
  open(country, code, taken) {
    const key = Number(code);
    const services = [];
    for (const policy of this.policies) {
      if (policy.daily_capacity !== null && (taken[policy.id] ?? 0) >= policy.daily_capacity) continue;
      const rates = [];
      for (const band of policy.bands.values()) {
        if (band.country !== country || band.digits !== code.length) continue;
        const at = lastNotAbove(band.starts, key);
        if (at >= 0 && band.ends[at] >= key) rates.push(band.cells[at]);
      }
      if (rates.length) services.push({ policy, rates });
    }
    return services;
  }
}

function lastNotAbove(starts, key) {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function pickup(point) {
  return {
    isPickupStore: true,
    friendlyName: point.friendly_name,
    additionalInfo: point.additional_info,
    address: {
      addressType: "pickup",
      receiverName: null,
      addressId: point.ref,
      postalCode: point.postal_code,
      city: point.city,
      state: point.state,
      country: point.country,
      street: point.street,
      number: point.number,
      neighborhood: point.neighborhood,
      complement: point.complement,
      reference: point.reference,
      geoCoordinates: point.longitude === null ? [] : [point.longitude, point.latitude],
    },
  };
}

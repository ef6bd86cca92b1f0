// A hand-written Node service that reads what the portal reads, from the same database, and answers
// the same. One prepared statement for what lives; freight tables are kept until their revision
// changes.
import pg from "pg";
import { estimator } from "./estimates.mjs";
import { serve } from "./serving.mjs";
import { tariffOf } from "./tariffs.mjs";

const CHANNELS = ["delivery", "pickup-in-point"];
const PATH = /^\/api\/([A-Za-z0-9]+)\/pvt\/orderForms\/simulation(?:\?(.*))?$/;
const LIVE = {
  name: "live",
  text: `
    SELECT a.id::int4 AS account, a.tariff_revision::int4 AS revision, a.country AS home,
      u.taken, s.ref, s.weight_g,
      COALESCE(c.price_cents, s.price_cents)::float8 AS price,
      COALESCE(c.list_price_cents, s.list_price_cents)::float8 AS list_price,
      s.price_valid_until, s.measurement_unit, s.unit_multiplier::float8, s.offerings,
      v.warehouse_id::int4 AS warehouse,
      GREATEST(0, v.on_hand - v.safety - v.held + CASE WHEN v.held > 0 THEN COALESCE((
        SELECT sum(h.quantity) FROM sellers_hold h
        WHERE h.level_id = v.id AND h.state = 'held' AND h.expires_at <= now()
      ), 0) ELSE 0 END)::int4 AS units
    FROM sellers_selleraccount a
    LEFT JOIN LATERAL (
      SELECT json_object_agg(b.policy_id, b.orders) AS taken FROM sellers_capacityuse b
      WHERE b.account_id = a.id AND b.day = $4::date AND b.starts_at IS NULL
    ) u ON true
    LEFT JOIN sellers_sku s ON s.account_id = a.id AND s.ref = ANY($2) AND s.is_active
    LEFT JOIN sellers_saleschannelprice c ON c.sku_id = s.id AND c.sales_channel = $3
    LEFT JOIN sellers_stocklevel v ON v.sku_id = s.id
    WHERE a.endpoint_key = $1 AND a.is_active`,
};

const pool = new pg.Pool({
  host: process.env.PGHOST,
  port: Number(process.env.PGPORT || 5432),
  user: process.env.PGUSER,
  password: process.env.PGPASSWORD || undefined,
  database: process.env.PGDATABASE,
  max: Number(process.env.CONNECTIONS ?? 4),
});

serve(async (cart, request) => {
  const [, key, query] = PATH.exec(request.url);
  const estimate = estimator(new Date());
  const refs = cart.items.map((item) => item.id);
  const channel = new URLSearchParams(query).get("sc") ?? "1";
  const { rows } = await pool.query({ ...LIVE, values: [key, refs, channel, estimate.today] });
  const tariff = await tariffOf(pool, rows[0].account, rows[0].revision);
  return answer(cart, rows, tariff, estimate);
});

function answer(cart, rows, tariff, estimate) {
  const code = (cart.postalCode ?? "").replace("-", "");
  const services = code ? tariff.open(cart.country ?? rows[0].home, code, rows[0].taken ?? {}) : [];
  const reach = reachOf(services, tariff);
  const skus = skusOf(rows);
  const items = [];
  const logisticsInfo = [];
  cart.items.forEach((item, index) => {
    const sku = skus.get(item.id);
    if (!sku?.price || (sku.validUntil && sku.validUntil <= estimate.now)) return;
    const line = logistics(item, index, sku, services, reach, tariff, estimate);
    sku.sold += line.quantity;
    items.push(itemOut(item, index, sku, line.quantity));
    logisticsInfo.push(line);
  });
  const nothing = !items.some((item) => item.quantity);
  return {
    country: cart.country ?? null,
    postalCode: cart.postalCode ?? null,
    geoCoordinates: cart.geoCoordinates ?? [],
    items: nothing ? [] : items,
    logisticsInfo: nothing ? [] : logisticsInfo,
    allowMultipleDeliveries: true,
  };
}

function reachOf(services, tariff) {
  const places = (each) => [...new Set(each.flatMap((service) => service.policy.warehouses))];
  const channels = CHANNELS.map((id) => [id, places(services.filter((s) => s.policy.channel === id))]);
  return { all: services.length ? places(services) : [...tariff.warehouses.keys()], channels };
}

function skusOf(rows) {
  const skus = new Map();
  for (const row of rows) {
    if (row.ref === null) continue;
    let sku = skus.get(row.ref);
    if (!sku) {
      sku = {
        price: row.price,
        listPrice: Math.max(row.price ?? 0, row.list_price ?? 0),
        validUntil: row.price_valid_until,
        weight: row.weight_g,
        unit: row.measurement_unit,
        multiplier: row.unit_multiplier,
        offerings: row.offerings,
        shelf: new Map(),
        sold: 0,
      };
      skus.set(row.ref, sku);
    }
    if (row.warehouse !== null) sku.shelf.set(row.warehouse, row.units);
  }
  return skus;
}

function units(sku, places) {
  let sum = -sku.sold;
  for (const place of places) sum += sku.shelf.get(place) ?? 0;
  return Math.max(0, sum);
}

function itemOut(item, index, sku, quantity) {
  return {
    id: item.id,
    requestIndex: index,
    quantity,
    seller: item.seller,
    price: sku.price,
    listPrice: sku.listPrice,
    priceTags: [],
    priceValidUntil: sku.validUntil,
    measurementUnit: sku.unit,
    unitMultiplier: sku.multiplier,
    merchantName: null,
    offerings: sku.offerings,
    attachmentOfferings: [],
  };
}

function logistics(item, index, sku, services, reach, tariff, estimate) {
  const balance = units(sku, reach.all);
  const rooms = services.map((service) => units(sku, service.policy.warehouses));
  const quantity = Math.min(item.quantity, services.length ? Math.max(...rooms) : balance);
  const slas = [];
  services.forEach((service, n) => {
    if (!quantity || rooms[n] < quantity) return;
    const rate = service.rates.find((r) => r.maxWeight === null || sku.weight * quantity <= r.maxWeight);
    if (rate) slas.push(sla(service.policy, rate, arrival(service.policy, rate, sku, quantity, tariff, estimate)));
  });
  return {
    itemIndex: index,
    quantity,
    stockBalance: quantity ? balance : 0,
    shipsTo: tariff.shipsTo,
    slas,
    deliveryChannels: reach.channels.map(([id, places]) => ({
      id,
      stockBalance: quantity ? units(sku, places) : 0,
    })),
  };
}

// Of the first warehouse that has everything, else of the slowest.
function arrival(policy, rate, sku, quantity, tariff, estimate) {
  const whole = policy.warehouses.find((place) => (sku.shelf.get(place) ?? 0) >= quantity);
  const places = whole === undefined ? policy.warehouses : [whole];
  return places
    .map((place) => estimate.from(tariff.warehouses.get(place), rate.estimate))
    .reduce((slowest, each) => (each.by > slowest.by ? each : slowest));
}

function sla(policy, rate, { text, by }) {
  return {
    id: policy.ref,
    name: policy.name,
    deliveryChannel: policy.channel,
    price: rate.price,
    shippingEstimate: text,
    shippingEstimateDate: by,
    availableDeliveryWindows: [],
    pickupStoreInfo: policy.pickup,
  };
}

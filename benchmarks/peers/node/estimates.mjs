// Cut-off, handling, business days. Holidays by state and the offset from UTC come from the
// environment, where such a service would have a file.
const DAY = 86_400_000;
const holidays = new Map(
  Object.entries(JSON.parse(process.env.HOLIDAYS)).map(([state, days]) => [state, new Set(days)]),
);
const offset = process.env.UTC_OFFSET;
const minutes = (offset[0] === "-" ? -1 : 1) * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4)));

// The estimates of one request: each rate of a warehouse is worked out once.
export function estimator(now) {
  const local = new Date(now.getTime() + minutes * 60_000).toISOString();
  const today = Date.parse(`${local.slice(0, 10)}T00:00:00Z`);
  const time = local.slice(11, 19);
  const known = new Map();
  return {
    now,
    today: local.slice(0, 10),
    from(warehouse, rate) {
      const key = `${warehouse.id}/${rate}`;
      let estimate = known.get(key);
      if (!estimate) known.set(key, (estimate = work(today, time, warehouse, rate)));
      return estimate;
    },
  };
}

function work(today, time, warehouse, rate) {
  const closed = holidays.get(warehouse.state) ?? new Set();
  let first = time <= warehouse.cutoff ? today : today + DAY;
  while (!isOpen(first, closed)) first += DAY;
  const ready = later(first, warehouse.handling_days, closed);
  if (!rate.endsWith("bd")) {
    const day = ready + DAY * parseInt(rate, 10);
    return { text: `${Math.max(1, (day - today) / DAY)}d`, by: endOf(day) };
  }
  const day = later(ready, parseInt(rate, 10), closed);
  let count = 0;
  for (let each = today + DAY; each <= day; each += DAY) count += isOpen(each, closed);
  return { text: `${Math.max(1, count)}bd`, by: endOf(day) };
}

function isOpen(day, closed) {
  const date = new Date(day);
  const weekday = date.getUTCDay();
  return weekday !== 0 && weekday !== 6 && !closed.has(date.toISOString().slice(0, 10));
}

function later(day, count, closed) {
  while (count > 0) {
    day += DAY;
    if (isOpen(day, closed)) count--;
  }
  return day;
}

function endOf(day) {
  return `${new Date(day).toISOString().slice(0, 10)}T23:59:59${offset}`;
}

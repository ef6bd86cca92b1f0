"use strict";
// New work appears without reloading; typing or scanning always lands in the box; arrows walk
// through the orders, the space bar chooses one, letters on the empty box are commands.
(() => {
  const box = document.getElementById("scan");
  const list = document.getElementById("queue");
  const news = document.getElementById("news");

  // --- what is chosen survives a refresh

  const marks = () => [...list.querySelectorAll(".mark input:not(:disabled)")];
  const chosen = () => marks().filter((mark) => mark.checked);
  const cards = () => [...list.querySelectorAll(".card")];
  const ids = () => cards().map((card) => card.dataset.order);

  function show() {
    const some = chosen().length > 0;
    const button = document.getElementById("pick-chosen");
    if (!button) return;
    button.hidden = !some;
    document.getElementById("pick-next").hidden = some;
    for (const mark of marks()) mark.closest("li").classList.toggle("chosen", mark.checked);
  }

  async function refresh() {
    if (document.hidden || list.querySelector("details[open]")) return;
    if (list.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox])")) return;
    try {
      const answer = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
      if (answer.redirected) return location.reload();
      if (answer.ok) draw(await answer.text());
    } catch {
      // The next round will tell.
    }
  }

  function draw(html) {
    const kept = new Set(chosen().map((mark) => mark.value));
    const before = new Set(ids());
    const focused = document.activeElement?.dataset.order;
    list.innerHTML = html;
    for (const mark of marks()) mark.checked = kept.has(mark.value);
    if (focused) list.querySelector(`[data-order="${CSS.escape(focused)}"]`)?.focus();
    const fresh = ids().filter((id) => !before.has(id));
    for (const id of fresh) list.querySelector(`[data-order="${CSS.escape(id)}"]`).classList.add("fresh");
    if (fresh.length) news.textContent = fresh.length === 1 ? news.dataset.one : news.dataset.many.replace("{count}", fresh.length);
    Clock.tick();
    show();
  }

  if (list.dataset.refresh) setInterval(refresh, Number(list.dataset.refresh) * 1000);
  document.addEventListener("visibilitychange", refresh);
  list.addEventListener("change", show);

  // --- keys, and the barcodes of the command sheet

  const COMMANDS = {
    pick: () => list.querySelector("#pick-chosen:not([hidden]), #pick-next:not([hidden]) button"),
    walk: () => list.querySelector("[data-walk]"),
    walks: () => list.querySelector("[data-walks]"),
    next: () => list.querySelector("[data-can-pack]"),
  };

  ScanBox.attach({
    keys: { p: "pick", g: "walk", l: "walks" },
    scanned: (code) => { box.value = code; box.form.submit(); },
    command: (name) => COMMANDS[name]?.()?.click(),
    busy: () => false,
  });

  document.addEventListener("keydown", (event) => {
    const card = event.target.closest(".card");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") return walk(event, card);
    if (card && event.key === " ") return choose(event, card);
    if (event.key === "Escape") for (const menu of list.querySelectorAll("details[open]")) menu.open = false;
  });

  function walk(event, card) {
    const all = cards();
    if (!all.length || (event.target.matches("input:not(#scan)") && !card)) return;
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    const next = card ? all.indexOf(card) + step : step > 0 ? 0 : -1;
    if (next < 0) box.focus();
    else all[Math.min(next, all.length - 1)].focus();
  }

  function choose(event, card) {
    event.preventDefault();
    const mark = card.closest("li").querySelector(".mark input:not(:disabled)");
    if (!mark) return;
    mark.checked = !mark.checked;
    show();
  }

  // A search is there to be replaced; what was scanned before this script ran is not.
  if (box.defaultValue && box.value === box.defaultValue) box.select();
  show();
})();

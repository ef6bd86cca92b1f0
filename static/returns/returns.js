"use strict";
// Scans what came back instead of typing it: each scan is one more unit, for the shelf or for scrap.
// A code of nothing on the page looks for another order. Everything here is also a plain form.
(() => {
  const $ = (id) => document.getElementById(id);
  const form = $("arrivals"), facts = document.body.dataset, goes = $("goes"), said = $("said");
  const undone = [];
  let isScrap = false;
  const everywhere = { mute: Sound.toggle, help: Help.open };
  if (!form) return attach({ scanned: find });

  const lines = [...form.querySelectorAll("[data-codes]")].map((line) => ({
    line,
    codes: JSON.parse(line.dataset.codes),
    field: (name) => line.querySelector(`[name^="${name}-"]`),
  }));
  const count = (input) => Number(input.value) || 0;
  const entered = ({ field }) => count(field("shelf")) + count(field("scrap"));

  function scanned(code, times) {
    const known = lines.filter(({ codes }) => code in codes);
    if (!known.length) return isBegun() ? complain(facts.foreign.replace("{code}", code), "wrong") : find(code);
    const units = known[0].codes[code] * times;
    const wanted = known.find((one) => entered(one) + units <= Number(one.line.dataset.left));
    if (!wanted) return complain(facts.tooMany.replace("{name}", known[0].line.dataset.name), "many");
    receive(wanted, units);
  }

  function receive({ line, field }, units) {
    const input = field(isScrap ? "scrap" : "shelf");
    const before = [...line.querySelectorAll("input, select")].map((one) => [one, one.value]);
    input.value = count(input) + units;
    if (isScrap && !field("reason").value) {
      field("reason").value = facts.broken;
      if (!count(field("shelf"))) field("condition").value = "damaged";
    }
    undone.push(before);
    tell(`${count(input)} × ${line.dataset.name} · ${goes.textContent}`, isDone() ? "done" : "right");
  }

  const isBegun = () => lines.some((one) => entered(one) > 0);
  const isDone = () => lines.every((one) => entered(one) === Number(one.line.dataset.left));

  function find(code) {
    $("scan").value = code;
    $("scan").form.submit();
  }

  function tell(text, tone) {
    said.className = `said ${tone}`;
    said.textContent = text;
    Sound.play(tone);
    ScanBox.focus();
  }

  function complain(text, tone) {
    said.textContent = "";
    Alarm.show({ text, tone }, ScanBox.focus);
  }

  // --- commands

  function go(scrap) {
    isScrap = scrap;
    goes.textContent = scrap ? goes.dataset.scrap : goes.dataset.shelf;
    goes.className = `goes ${scrap ? "scrap" : "shelf"}`;
    tell(goes.textContent, "info");
  }

  function undo() {
    const before = undone.pop();
    if (!before) return Sound.play("wrong");
    for (const [input, value] of before) input.value = value;
    tell(facts.undone, "info");
  }

  attach({
    scanned,
    keys: { s: "shelf", x: "scrap", u: "undo", c: "close" },
    commands: { shelf: () => go(false), scrap: () => go(true), undo, close: () => form.requestSubmit(), ok: () => form.requestSubmit() },
  });

  function attach({ scanned, keys = {}, commands = {} }) {
    ScanBox.attach({
      keys: { ...keys, q: "mute", "?": "help" },
      scanned,
      command: (name) => ({ ...commands, ...everywhere }[name] ?? (() => Sound.play("wrong")))(),
      busy: (event) => Alarm.isOpen || Help.holds(event),
    });
    facts.ready = "1";
  }
})();

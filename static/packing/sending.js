"use strict";
// Sends gestures one after the other. Each has an id, so a repeat after a lost answer counts once;
// each is kept on the device until it was answered, so that a crash loses none.
const Sending = (() => {
  const offline = document.getElementById("offline");
  const shown = document.getElementById("pending");
  const facts = document.body.dataset;
  const memory = `packing-unsent-${facts.packer}`;
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  // Older ones are told of instead of being sent: the box has probably moved on, in milliseconds.
  const STALE = 15 * 60 * 1000;
  const line = [];
  const board = document.getElementById("board");
  let busy = false;

  function beBusy(is) {
    busy = is;
    board.setAttribute("aria-busy", String(is));
  }

  function id() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");
  }

  // A document is too large, and not ours to leave on a tablet: without it a closing is not kept.
  const keepable = (fields) => !fields.get("document");

  function recall() {
    try { return JSON.parse(localStorage.getItem(memory)) ?? []; } catch { return []; }
  }

  function keep(change) {
    try { localStorage.setItem(memory, JSON.stringify(change(recall()))); } catch { /* full or private: kept in this page only */ }
    if (!shown) return;
    shown.hidden = line.length === 0 || !offline.textContent;
    shown.textContent = shown.dataset.text.replace("0", line.length);
  }

  /** Queues `fields` (a FormData) as one gesture; `done` gets the answer. */
  function send(fields, done, url = facts.do) {
    fields.delete("csrfmiddlewaretoken");
    const gesture = fields.get("gesture");
    line.push({ url, fields, done });
    const entry = { url, fields: [...fields], at: Date.now() };
    keep((all) => keepable(fields) && !all.some((one) => isOf(one, gesture)) ? [...all, entry] : all);
    if (!busy) work();
  }

  const isOf = (entry, gesture) => entry.fields.some(([name, value]) => name === "gesture" && value === gesture);
  const forget = (fields) => keep((all) => all.filter((one) => !isOf(one, fields.get("gesture"))));

  async function work() {
    beBusy(true);
    while (line.length) {
      const { url, fields, done } = line[0];
      const answer = await deliver(url, fields);
      line.shift();
      // Who was signed out signs in again, and it is sent then.
      if (!answer.signedOut) forget(fields);
      // What was scanned behind a refusal was scanned unaware of it: it is not packed.
      if (answer.refused) {
        answer.dropped = line.length;
        if (!answer.signedOut) line.forEach((one) => forget(one.fields));
        line.length = 0;
      }
      keep((all) => all);
      done(answer);
    }
    beBusy(false);
  }

  async function deliver(url, fields) {
    for (let pause = 400; ; pause = Math.min(pause * 2, 5000)) {
      try {
        const answer = await once(url, fields);
        offline.hidden = true;
        offline.textContent = "";
        return answer;
      } catch {
        offline.textContent = facts.offline;
        offline.hidden = false;
        keep((all) => all);
        await new Promise((wake) => setTimeout(wake, pause));
      }
    }
  }

  /** Raises when there was no answer worth having: then the same gesture is sent again. */
  async function once(url, fields) {
    const answer = await fetch(url, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { "X-Requested-With": "fetch", "X-CSRFToken": token },
      signal: AbortSignal.timeout(15000),
    });
    if (answer.redirected || answer.status === 403) return { ...failed(facts.signedOut), signedOut: true };
    if (answer.status >= 502) throw new Error("away");
    if (!answer.ok) return failed(facts.failed);
    return answer.json();
  }

  function failed(text) {
    return { tone: "wrong", text, refused: true };
  }

  /** What a crash left unsent goes out first; `done` gets the answers, `stale` how many came too late. */
  function recover(done, stale) {
    const left = recall();
    const [late, fresh] = [left.filter((one) => Date.now() - one.at > STALE), left.filter((one) => Date.now() - one.at <= STALE)];
    keep(() => fresh);
    for (const { url, fields } of fresh) {
      const form = new FormData();
      fields.forEach(([name, value]) => form.append(name, value));
      send(form, (answer) => done(answer, url === facts.do), url);
    }
    if (late.length) stale(late.length);
    return fresh.length;
  }

  return { send, id, recover, get busy() { return busy; } };
})();

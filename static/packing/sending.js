"use strict";
// Sends gestures one after the other. Each has an id, so a repeat after a lost answer counts once.
const Sending = (() => {
  const offline = document.getElementById("offline");
  const facts = document.body.dataset;
  const line = [];
  let busy = false;

  function id() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");
  }

  /** Queues `fields` (a FormData) as one gesture; `done` gets the answer. */
  function send(fields, done) {
    line.push({ fields, done });
    if (!busy) work();
  }

  async function work() {
    busy = true;
    while (line.length) {
      const { fields, done } = line[0];
      const answer = await deliver(fields);
      line.shift();
      // What was scanned behind a refusal was scanned unaware of it: it is not packed.
      if (answer.refused) line.length = 0;
      done(answer);
    }
    busy = false;
  }

  async function deliver(fields) {
    for (let pause = 400; ; pause = Math.min(pause * 2, 5000)) {
      try {
        const answer = await once(fields);
        offline.hidden = true;
        return answer;
      } catch {
        offline.textContent = facts.offline;
        offline.hidden = false;
        await new Promise((wake) => setTimeout(wake, pause));
      }
    }
  }

  /** Raises when there was no answer worth having: then the same gesture is sent again. */
  async function once(fields) {
    const answer = await fetch(facts.do, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { "X-Requested-With": "fetch" },
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

  return { send, id, get busy() { return busy; } };
})();

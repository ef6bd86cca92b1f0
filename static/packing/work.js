"use strict";
// A screen with a scan box and a board of plain forms. Each form is a gesture; an element with
// data-key is reached by that letter on the empty scan box.
(() => {
  const $ = (id) => document.getElementById(id);
  const board = $("board"), form = $("scan-form"), said = $("said");
  const facts = document.body.dataset;
  let next = 0;
  if (!form) return;

  // --- answers

  function answered(answer, from) {
    if (answer.goto) return void location.assign(answer.goto);
    const again = from?.querySelector("[data-key]")?.dataset.key;
    if (answer.html) draw(answer.html);
    if (answer.refused) return complain(answer);
    tell(answer.text, answer.tone);
    for (const [number, units] of answer.slots ?? []) said.append(chip(number, units));
    // A field that is filled in one after the other stays at hand.
    const following = again && from.matches(".tote") && board.querySelector(`[data-key="${again}"]`);
    if (following) following.focus();
    else ScanBox.focus();
  }

  function tell(text, tone) {
    said.className = `said ${tone}`;
    said.textContent = text;
    Sound.play(tone);
  }

  /** What was asked for is not to be had now: heard, and read where the sound is off. */
  const refuse = () => tell(facts.notNow, "wrong");

  function chip(number, units) {
    const large = document.createElement("b");
    large.className = "goes";
    large.textContent = `→ ${facts.slot ?? ""} ${number}`;
    if (units !== 1) {
      const count = document.createElement("i");
      count.textContent = ` ×${units}`;
      large.append(count);
    }
    return large;
  }

  function draw(html) {
    const open = new Set([...board.querySelectorAll("details[open]")].map((one) => one.id));
    const scrolled = [...board.querySelectorAll("section")].map((one) => one.scrollTop);
    board.innerHTML = html;
    for (const details of board.querySelectorAll("details")) {
      if (open.has(details.id) && details.dataset.stays !== undefined) details.open = true;
    }
    board.querySelectorAll("section").forEach((one, i) => { one.scrollTop = scrolled[i] ?? 0; });
    lookLater();
  }

  function complain(answer) {
    said.textContent = "";
    ScanBox.clear();
    const dropped = answer.dropped ? `\n${facts.dropped.replace("0", answer.dropped)}` : "";
    Alarm.show({ tone: answer.tone, text: answer.text + dropped }, () => {
      if (answer.signedOut) return location.reload();
      ScanBox.clear();
      ScanBox.focus();
    });
  }

  // --- gestures

  function scan(code, times) {
    const fields = new FormData(form);
    fields.set("code", times > 1 ? `${times}*${code}` : code);
    fields.set("gesture", Sending.id());
    Sending.send(fields, answered);
  }

  board.addEventListener("submit", (event) => {
    const target = event.target.closest("form[data-gesture]");
    if (!target) return;
    event.preventDefault();
    const fields = new FormData(target);
    fields.set("gesture", Sending.id());
    Sending.send(fields, (answer) => answered(answer, target));
  });

  // What the barcodes of the command sheet mean here.
  const SHEET = { undo: "u", print: "p", short: "k", "take-over": "o", close: "f" };

  /** `isSure`, who scanned it or pressed Enter, is not asked again where nothing speaks against it. */
  function command(name, isSure) {
    if (name === "?" || name === "help") return Help.open();
    if (name === "mute" || name === "q") return Sound.toggle();
    if (name.startsWith("why-")) return because(name.slice(4));
    const letter = SHEET[name] ?? name;
    const target = board.querySelector(`[data-key="${letter}"]:not(:disabled)`);
    if (!target) return refuse();
    if (target.matches("input")) return target.select();
    const details = target.matches("summary") ? target.closest("details") : null;
    if (isSure && details && "sure" in details.dataset) return details.querySelector("form").requestSubmit();
    target.click();
    if (details?.open) details.querySelector("input:not([type=hidden]), select, button")?.focus();
  }

  /** The reason scanned off the sheet, once it was said that units are missing. */
  function because(reason) {
    const choice = board.querySelector(`details[open] option[value="${reason}"]`);
    if (!choice) return refuse();
    choice.selected = true;
    choice.closest("form").requestSubmit();
  }

  // --- the keyboard inside a field: Esc leaves it, and the Enter behind a scan sends no form

  let heard = 0;
  board.addEventListener("keydown", (event) => {
    if (event.key.length === 1) heard = event.timeStamp;
    const details = event.target.closest("details[open]");
    if (event.key === "Escape" && details) details.open = false;
    const guarded = details && event.target.matches("input, select");
    if (event.key !== "Enter" || !guarded) return;
    event.preventDefault();
    if (event.timeStamp - heard >= 100) event.target.form.requestSubmit();
  });

  // --- news

  async function look() {
    const editing = board.contains(document.activeElement) && document.activeElement.matches("input, select");
    const asking = board.querySelector("details[open]:not([data-stays])");
    if (!document.hidden && !Sending.busy && !editing && !asking && !Alarm.isOpen) {
      try {
        const answer = await fetch(facts.state, { headers: { "X-Requested-With": "fetch" } });
        if (answer.redirected || answer.status === 403) return location.reload();
        if (answer.ok && !Sending.busy) draw((await answer.json()).html);
      } catch {
        // The next round will tell.
      }
    }
    lookLater();
  }

  function lookLater() {
    clearTimeout(next);
    next = setTimeout(look, 10000);
  }
  lookLater();

  const keys = Object.fromEntries([...`${facts.keys ?? ""}q?`].map((letter) => [letter, letter]));
  ScanBox.attach({ keys, scanned: scan, command, busy: (event) => Alarm.isOpen || Help.holds(event) });
  // An error of a plain form waits as well.
  if (said.classList.contains("error")) complain({ tone: "wrong", text: said.textContent.trim() });
  // What a crash left unsent.
  Sending.recover(
    (answer, isHere) => { if (isHere) answered(answer); },
    (count) => complain({ tone: "wrong", text: facts.stale.replace("0", count) }),
  );
  document.body.dataset.ready = "1";
})();

"use strict";
// The packing table. Everything here is also a plain form: this only makes it quick.
(() => {
  const $ = (id) => document.getElementById(id);
  const board = $("board"), form = $("scan-form"), box = $("scan"), said = $("said");
  const alarm = $("alarm"), sure = $("sure"), help = $("help");
  const others = $("others");
  const COMMAND_PAUSE = 300, SCANNER_GAP = 35, SCANNER_SILENCE = 120;
  const KEYS = { n: "new", c: "close", u: "undo", s: "switch", p: "slip", g: "next", "?": "help" };
  let waiting = Boolean(document.body.dataset.waiting), next = 0, signIn = false;

  // --- answers

  function answered(answer) {
    if (answer.goto) return void location.assign(answer.goto);
    if (answer.html) draw(answer);
    if (answer.refused) return complain(answer);
    said.className = `said ${answer.tone}`;
    said.textContent = answer.text;
    Sound.play(answer.tone);
    refocus();
  }

  function draw(answer) {
    const open = new Set([...board.querySelectorAll("details")].filter((d) => d.open).map((d) => d.id));
    const known = new Set([...board.querySelectorAll("details")].map((d) => d.id));
    const scrolled = [...board.querySelectorAll(".panes > section")].map((s) => s.scrollTop);
    board.innerHTML = answer.html;
    for (const details of board.querySelectorAll("details")) {
      if (known.has(details.id)) details.open = open.has(details.id);
    }
    board.querySelectorAll(".panes > section").forEach((s, i) => { s.scrollTop = scrolled[i] ?? 0; });
    others.textContent = answer.others;
    others.hidden = !answer.others;
    form.elements.package.value = answer.package ?? "";
    waiting = answer.waiting;
    lookLater();
  }

  function complain(answer) {
    said.textContent = "";
    signIn = Boolean(answer.signedOut);
    alarm.className = `alarm ${answer.tone}`;
    $("alarm-text").textContent = answer.text;
    alarm.hidden = false;
    box.value = "";
    $("alarm-ok").focus();
    Sound.play(answer.tone);
  }

  function acknowledge() {
    if (signIn) return here();
    alarm.hidden = true;
    delete document.body.dataset.tone;
    box.value = "";
    refocus();
  }

  /** This order again, with the package at hand; who is signed out comes by the sign-in page. */
  function here() {
    const chosen = form.elements.package.value;
    location.assign(location.pathname + (chosen ? `?package=${encodeURIComponent(chosen)}` : ""));
  }

  function refocus() {
    if (alarm.hidden && sure.hidden && !help.open) box.focus({ preventScroll: true });
  }

  // --- scanning

  function scan() {
    const code = box.value.replace(/[\u0000-\u001f\u007f]/g, "").trim();
    box.value = "";
    if (!code) return;
    const fields = new FormData(form);
    fields.set("code", code);
    fields.set("gesture", Sending.id());
    Sending.send(fields, answered);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(pending);
    scan();
  });

  // A scanner without Enter: a burst of characters, then silence. A person never types like that.
  let pending = 0, last = 0, burst = 0, afterSure = false;
  box.addEventListener("input", (event) => {
    clearTimeout(pending);
    const now = event.timeStamp;
    burst = now - last < SCANNER_GAP ? burst + 1 : 1;
    last = now;
    // The letter asked to close; what follows at a scanner's pace is a code of its own.
    if (afterSure && burst >= 2 && box.value.length === 3) box.value = box.value.slice(1);
    if (burst >= 2) afterSure = false;
    const text = box.value.toLowerCase();
    if (text.length === 1 && KEYS[text]) pending = setTimeout(() => command(KEYS[text]), COMMAND_PAUSE);
    else if (burst >= 6 && burst >= box.value.length) pending = setTimeout(scan, SCANNER_SILENCE);
  });

  // --- commands

  function command(name) {
    box.value = "";
    if (name === "help") return help.showModal();
    if (name === "slip") return follow("[data-slip]");
    if (name === "next") return follow("[data-next-order]");
    if (name === "switch") return follow("[data-switch]");
    if (name === "close") return askToClose();
    const target = board.querySelector(`form[data-name="${name}"]`);
    if (target) target.requestSubmit();
    else Sound.play("wrong");
  }

  function follow(selector) {
    const link = board.querySelector(selector);
    if (link) link.click();
    else Sound.play("wrong");
  }

  function askToClose() {
    const current = board.querySelector("[data-current]");
    const target = board.querySelector('form[data-name="close"]');
    if (!current || !target || target.querySelector("button").disabled) return Sound.play("wrong");
    const facts = current.dataset;
    const number = target.elements.number.value.trim() || facts.next;
    const worth = current.querySelector(".worth");
    $("sure-text").textContent = [facts.sure, `${facts.invoice} ${number}`, worth?.textContent].filter(Boolean).join("\n");
    sure.hidden = false;
    $("sure-yes").focus();
  }

  function decide(yes) {
    sure.hidden = true;
    refocus();
    if (yes) board.querySelector('form[data-name="close"]')?.requestSubmit();
  }

  // --- every other form on the board

  /** The form's fields with each file as its text: gestures are sent as plain fields. */
  async function fieldsOf(target) {
    const fields = new FormData(target);
    for (const [name, value] of [...fields]) {
      if (value instanceof File) fields.set(name, value.size ? await value.text() : "");
    }
    return fields;
  }

  board.addEventListener("submit", async (event) => {
    const target = event.target.closest("form[data-gesture]");
    if (!target) return;
    event.preventDefault();
    const withFile = [...target.querySelectorAll("input[type=file]")].some((input) => input.files.length);
    const fields = withFile ? await fieldsOf(target) : new FormData(target);
    if (!withFile) fields.delete("document");
    if ("once" in target.dataset) {
      // Pressed twice it is still the same gesture: it keeps the id it was drawn with.
      const button = target.querySelector("button");
      button.disabled = true;
      return Sending.send(fields, (answer) => { button.disabled = false; answered(answer); });
    }
    fields.set("gesture", Sending.id());
    fields.set("package", fields.get("package") || form.elements.package.value);
    Sending.send(fields, answered);
  });

  // --- the keyboard

  let heard = 0;
  document.addEventListener("keydown", (event) => {
    if (!alarm.hidden) return onAlarm(event);
    if (!sure.hidden) return onSure(event);
    if (help.open) return;
    if (event.key === "Escape") return refocusNow(event);
    const typing = event.target.closest("input, textarea, select");
    const plain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    // A space or Enter on a button presses it; any other character belongs to the scan box.
    if (!typing && plain && event.key !== " ") box.focus();
  });

  /** Enter or Esc acknowledges, but not the Enter at the end of a scan: that scan is refused. */
  function onAlarm(event) {
    if (event.key.length === 1) {
      heard = event.timeStamp;
      event.preventDefault();
    } else if (event.key === "Enter" || event.key === "Escape") {
      event.preventDefault();
      if (event.timeStamp - heard < 150) return Sound.play("wrong");
      if (!event.repeat) acknowledge();
    }
  }

  function onSure(event) {
    if (event.key === "Enter" && document.activeElement !== $("sure-no")) {
      event.preventDefault();
      if (!event.repeat) decide(true);
    } else if (event.key === "Escape") {
      event.preventDefault();
      decide(false);
    } else if (event.key.length === 1 && event.key !== " ") {
      // A code that begins with the letter, typed slowly; or a scan, which is none of the dialog's.
      sure.hidden = true;
      afterSure = true;
      box.value = "c";
      box.focus();
    }
  }

  function refocusNow(event) {
    event.preventDefault();
    box.value = "";
    box.focus();
  }

  $("alarm-ok").addEventListener("click", acknowledge);
  $("sure-yes").addEventListener("click", () => decide(true));
  $("sure-no").addEventListener("click", () => decide(false));
  $("help-key").hidden = false;
  $("help-key").addEventListener("click", () => help.showModal());
  help.addEventListener("close", refocus);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("a, button, input, label, summary, dialog")) refocus();
  });

  // --- news from the marketplace: quickly while something is on its way, else now and then

  async function look() {
    const editing = board.contains(document.activeElement) && document.activeElement.matches("input");
    const typed = [...board.querySelectorAll("input")].some((i) => i.value !== i.defaultValue);
    if (!document.hidden && !Sending.busy && !editing && !typed && alarm.hidden && sure.hidden) {
      try {
        const chosen = encodeURIComponent(form.elements.package.value);
        const answer = await fetch(`${document.body.dataset.state}?package=${chosen}`, { headers: { "X-Requested-With": "fetch" } });
        if (answer.redirected || answer.status === 403) return here();
        if (answer.ok && !Sending.busy) draw(await answer.json());
      } catch {
        // The next round will tell.
      }
    }
    lookLater();
  }

  function lookLater() {
    clearTimeout(next);
    next = setTimeout(look, waiting ? 2000 : 15000);
  }
  lookLater();

  // An error of a plain form, or one that came before the script was ready, waits as well.
  if (said.classList.contains("error")) complain({ tone: "wrong", text: said.textContent.trim() });
  else refocus();
  document.body.dataset.ready = "1";
})();

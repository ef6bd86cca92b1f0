"use strict";
// The packing table. Everything here is also a plain form: this only makes it quick.
(() => {
  const $ = (id) => document.getElementById(id);
  const board = $("board"), form = $("scan-form"), said = $("said");
  const sure = $("sure"), help = $("help"), others = $("others");
  const KEYS = { n: "new", c: "close", u: "undo", s: "switch", p: "slip", g: "next", "?": "help" };
  let waiting = Boolean(document.body.dataset.waiting), next = 0;

  // --- answers

  function answered(answer) {
    if (answer.goto) return void location.assign(answer.goto);
    if (answer.html) draw(answer);
    if (answer.refused) return complain(answer);
    said.className = `said ${answer.tone}`;
    said.textContent = answer.text;
    Sound.play(answer.tone);
    ScanBox.focus();
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
    ScanBox.clear();
    Alarm.show(answer, () => {
      if (answer.signedOut) return here();
      ScanBox.clear();
      ScanBox.focus();
    });
  }

  /** This order again, with the package at hand; who is signed out comes by the sign-in page. */
  function here() {
    const chosen = form.elements.package.value;
    location.assign(location.pathname + (chosen ? `?package=${encodeURIComponent(chosen)}` : ""));
  }

  // --- scanning

  function scan(code) {
    const fields = new FormData(form);
    fields.set("code", code);
    fields.set("gesture", Sending.id());
    Sending.send(fields, answered);
  }

  // --- commands

  function command(name) {
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
    ScanBox.focus();
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

  // --- the question before a package is closed

  document.addEventListener("keydown", (event) => {
    if (!sure.hidden && !Alarm.isOpen) onSure(event);
  });

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
      ScanBox.goOnAfter("c");
    }
  }

  $("sure-yes").addEventListener("click", () => decide(true));
  $("sure-no").addEventListener("click", () => decide(false));
  $("help-key").hidden = false;
  $("help-key").addEventListener("click", () => help.showModal());
  help.addEventListener("close", ScanBox.focus);

  // --- news from the marketplace: quickly while something is on its way, else now and then

  async function look() {
    const editing = board.contains(document.activeElement) && document.activeElement.matches("input");
    const typed = [...board.querySelectorAll("input")].some((i) => i.value !== i.defaultValue);
    if (!document.hidden && !Sending.busy && !editing && !typed && !Alarm.isOpen && sure.hidden) {
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

  ScanBox.attach({ keys: KEYS, scanned: scan, command, busy: () => Alarm.isOpen || !sure.hidden || help.open });
  // An error of a plain form, or one that came before the script was ready, waits as well.
  if (said.classList.contains("error")) complain({ tone: "wrong", text: said.textContent.trim() });
  document.body.dataset.ready = "1";
})();

"use strict";
// Scanning onto a manifest. Everything here is also a plain form: this only makes it quick.
(() => {
  const $ = (id) => document.getElementById(id);
  const board = $("board"), form = $("scan-form"), said = $("said"), sure = $("sure");
  const KEYS = { c: "close", u: "undo", q: "mute", "?": "help" };

  function answered(answer) {
    if (answer.html) draw(answer);
    if (answer.refused) return complain(answer);
    tell(answer.text, answer.tone);
    // Closed, by us or by somebody else: the page that has nothing to scan any more.
    if (answer.closed) return location.reload();
    ScanBox.focus();
  }

  function tell(text, tone) {
    said.className = `said ${tone}`;
    said.textContent = text;
    Sound.play(tone);
  }

  function draw(answer) {
    board.innerHTML = answer.html;
  }

  function complain(answer) {
    said.textContent = "";
    ScanBox.clear();
    Alarm.show(answer, () => {
      if (answer.signedOut || answer.closed) return location.reload();
      ScanBox.clear();
      ScanBox.focus();
    });
  }

  function scan(code) {
    const fields = new FormData(form);
    fields.set("code", code);
    fields.set("gesture", Sending.id());
    Sending.send(fields, answered);
  }

  function named(name) {
    return board.querySelector(`form[data-name="${name}"]`);
  }

  function command(name) {
    if (name === "mute") return Sound.toggle();
    if (name === "help") return Help.open();
    const target = named(name);
    if (!target || target.querySelector("button").disabled) return tell(document.body.dataset.notNow, "wrong");
    target.requestSubmit();
  }

  board.addEventListener("submit", (event) => {
    const target = event.target.closest("form[data-gesture]");
    if (!target) return;
    event.preventDefault();
    if (target.dataset.sure && sure.hidden) return ask(target.dataset.sure);
    Sending.send(new FormData(target), answered);
  });

  // --- the question before the van leaves

  function ask(question) {
    $("sure-text").textContent = question;
    sure.hidden = false;
    $("sure-yes").focus();
  }

  function decide(yes) {
    const target = named("close");
    sure.hidden = true;
    ScanBox.focus();
    if (yes && target) Sending.send(new FormData(target), answered);
  }

  document.addEventListener("keydown", (event) => {
    if (sure.hidden || Alarm.isOpen) return;
    if (event.key === "Enter" && document.activeElement !== $("sure-no")) {
      event.preventDefault();
      if (!event.repeat) decide(true);
    } else if (event.key === "Escape") {
      event.preventDefault();
      decide(false);
    } else if (event.key.length === 1 && event.key !== " ") {
      sure.hidden = true;
      ScanBox.goOnAfter("c");
    }
  });
  $("sure-yes").addEventListener("click", () => decide(true));
  $("sure-no").addEventListener("click", () => decide(false));

  // --- others scan onto the same manifest

  async function look() {
    if (!document.hidden && !Sending.busy && !Alarm.isOpen && sure.hidden) {
      try {
        const answer = await fetch(document.body.dataset.state, { headers: { "X-Requested-With": "fetch" } });
        if (answer.redirected || answer.status === 403) return location.reload();
        if (answer.ok && !Sending.busy) {
          const state = await answer.json();
          if (state.closed) return location.reload();
          draw(state);
        }
      } catch {
        // The next round will tell.
      }
    }
    setTimeout(look, 10000);
  }
  setTimeout(look, 10000);

  ScanBox.attach({ scanned: scan, command, keys: KEYS, busy: (event) => Alarm.isOpen || !sure.hidden || Help.holds(event) });
  // An error of a plain form, or one that came before the script was ready, waits as well.
  if (said.classList.contains("error")) complain({ tone: "wrong", text: said.textContent.trim() });
  document.body.dataset.ready = "1";
})();

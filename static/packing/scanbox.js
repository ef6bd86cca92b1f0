"use strict";
// The scan box: what a scanner types lands in it wherever the focus is, with Enter or without;
// a letter on the empty box is a command. Pasting is never touched.
const ScanBox = (() => {
  const COMMAND_PAUSE = 300, SCANNER_GAP = 35, SCANNER_SILENCE = 120;
  const form = document.getElementById("scan-form");
  const box = document.getElementById("scan");
  let told, pending = 0, last = 0, burst = 0, afterLetter = false;

  /**
   * `scanned` gets each code, `command` the name that `keys` gives a letter. While `busy` says
   * yes, something covers the screen and has the keyboard to itself.
   */
  function attach(listener) {
    told = listener;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    box.addEventListener("input", typed);
    document.addEventListener("keydown", pressed);
    document.addEventListener("click", (event) => {
      if (!event.target.closest("a, button, input, select, textarea, label, summary, dialog")) focus();
    });
    focus();
  }

  function submit() {
    clearTimeout(pending);
    const code = box.value.replace(/[\u0000-\u001f\u007f]/g, "").trim();
    box.value = "";
    if (code) told.scanned(code);
  }

  // A scanner without Enter: a burst of characters, then silence. A person never types like that.
  function typed(event) {
    clearTimeout(pending);
    const now = event.timeStamp;
    burst = now - last < SCANNER_GAP ? burst + 1 : 1;
    last = now;
    // The letter was a command; what follows at a scanner's pace is a code of its own.
    if (afterLetter && burst >= 2 && box.value.length === 3) box.value = box.value.slice(1);
    if (burst >= 2) afterLetter = false;
    const name = told.keys[box.value.toLowerCase()];
    if (box.value.length === 1 && name) pending = setTimeout(obey, COMMAND_PAUSE, name);
    else if (burst >= 6 && burst >= box.value.length) pending = setTimeout(submit, SCANNER_SILENCE);
  }

  function obey(name) {
    box.value = "";
    told.command(name);
  }

  function pressed(event) {
    if (told.busy()) return;
    if (event.key === "Escape") {
      event.preventDefault();
      box.value = "";
      return box.focus();
    }
    const typing = event.target.closest("input, textarea, select");
    const plain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    // A space or Enter on a button presses it; any other character belongs to the scan box.
    if (!typing && plain && event.key !== " ") box.focus();
  }

  function focus() {
    if (!told.busy()) box.focus({ preventScroll: true });
  }

  function clear() {
    box.value = "";
  }

  /** A code that began with a command's letter, typed slowly, or a scan right behind it. */
  function goOnAfter(letter) {
    afterLetter = true;
    box.value = letter;
    box.focus();
  }

  return { attach, focus, clear, goOnAfter };
})();

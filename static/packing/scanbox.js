"use strict";
// The scan box: what a scanner types lands in it wherever the focus is, with Enter or without. A
// scanner types far faster than a person, so it is told from typing by its pace. A letter on the
// empty box is a command, and so are the barcodes of the command sheet. Pasting is never touched.
const ScanBox = (() => {
  // In milliseconds: between two characters of a scanner at most; after its last one; between a
  // quantity typed by hand and the scan behind it at least; how long a letter waits for company.
  const GAP = 35, SILENCE = 120, HAND = 250, ALONE = 300;
  const SHORTEST = 6;
  // Keys of which each press counts, however fast; a key that is held down is pressed once.
  const COUNTING = /^[+-]+$/;
  const box = document.getElementById("scan");
  const shown = document.getElementById("times");
  const commands = JSON.parse(document.body.dataset.commands || "{}");
  const clean = (code) => code.replace(/[\u0000-\u001f\u007f]/g, "").trim();

  /** The run of characters at a scanner's pace that an event belongs to. */
  class Run {
    length = 0; text = ""; pause = 0; last = -1e9;
    hear(event, characters) {
      const gap = event.timeStamp - this.last;
      if (gap >= GAP) { this.length = 0; this.text = ""; this.pause = gap; }
      this.length += 1;
      this.text += characters;
      this.last = event.timeStamp;
      return this;
    }
    get isScan() { return this.length >= SHORTEST; }
  }

  const run = new Run();
  let told, pending = 0, times = 1, kept = "";

  /**
   * `scanned(code, times)` gets each code. `command(name, isSure)` gets the commands: those of the
   * sheet, and the name that `keys` gives a letter; sure is who scanned it or pressed Enter. A letter
   * that `isItem` is a code like others. While `busy` says yes, something covers the screen and has
   * the keyboard to itself.
   */
  function attach(listener) {
    told = { isItem: () => false, ...listener };
    // A scan may have begun before anybody listened: what is in the box then belongs to it.
    if (box.value !== box.defaultValue) run.length = box.value.length;
    run.last = performance.now();
    box.form.addEventListener("submit", (event) => {
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

  // --- what is in the box

  function submit() {
    clearTimeout(pending);
    const [code, by] = counted();
    box.value = "";
    if (code) take(code, by);
  }

  /** What is in the box, without a quantity that was typed by hand before the scan. */
  function counted() {
    const code = clean(box.value), before = code.slice(0, Math.max(code.length - run.length, 0));
    const isCount = shown && run.isScan && run.pause >= HAND && /^[1-9]\d{0,2}$/.test(before);
    return isCount ? [code.slice(before.length), Number(before)] : [code, times];
  }

  function take(code, by) {
    const name = named(code), count = /^([1-9]\d{0,3})[*×]$/.exec(code);
    if (count && shown) return multiply(Number(count[1]));
    if (shown && /^x\d+$/.test(name ?? "")) return multiply(Number(name.slice(1)));
    if (name) return told.command(name, true);
    const names = (code.length === 1 || COUNTING.test(code)) && !told.isItem(code) ? pressedIn(code) : [];
    if (names.length) return names.forEach((each) => told.command(each, true));
    multiply(1);
    told.scanned(code, by);
  }

  function named(code) {
    return commands[clean(code).toUpperCase()];
  }

  /** The next scan counts so often; only on screens that show it. */
  function multiply(by) {
    times = by;
    if (!shown) return;
    shown.hidden = by === 1;
    shown.textContent = `× ${by}`;
  }

  function typed(event) {
    clearTimeout(pending);
    run.hear(event, event.data ?? "");
    // The letter was a command; what follows at a scanner's pace is a code of its own.
    if (kept && run.length >= 2 && box.value.startsWith(kept)) box.value = box.value.slice(1);
    if (run.length >= 2) kept = "";
    const names = lettered(box.value);
    if (names.length) pending = setTimeout(obey, ALONE, names);
    // A scanner without Enter: a burst of characters, then silence.
    else if (run.isScan && (run.length >= box.value.length || counted()[0] !== clean(box.value))) pending = setTimeout(submit, SILENCE);
  }

  /** The commands of the keys: a letter tapped twice, with no Enter behind it, is meant once; + and − count. */
  function lettered(text) {
    const [first, second = first] = text.toLowerCase();
    if (COUNTING.test(text)) return pressedIn(text);
    const isDouble = text.length === 2 && first === second && !told.isItem(text);
    return text.length === 1 || isDouble ? pressedIn(first) : [];
  }

  function pressedIn(text) {
    return [...text.toLowerCase()].flatMap((key) => told.keys[key] ?? []);
  }

  function obey(names) {
    box.value = "";
    names.forEach((each) => told.command(each, false));
  }

  // --- a scan into another field: the field gets back what it held, the box gets the code. Fields
  // --- that a scanner is meant for say so (data-takes-scans).

  const astray = new Run();
  let before = "", field = null, ending = 0;

  // Boxes to tick, and the like, take no text.
  const TEXT = "input:not([type=checkbox], [type=radio], [type=file], [type=button]), select, textarea";

  function isElsewhere(target) {
    return target !== box && target.matches(TEXT) && !("takesScans" in target.dataset);
  }

  function overhear(event) {
    if (event.timeStamp - astray.last >= GAP) [field, before] = [event.target, event.target.value];
    clearTimeout(ending);
    if (astray.hear(event, event.key).isScan) ending = setTimeout(fetchBack, SILENCE);
  }

  function fetchBack() {
    clearTimeout(ending);
    field.value = before;
    const code = clean(astray.text);
    astray.length = 0;
    box.focus({ preventScroll: true });
    take(code, times);
  }

  function pressed(event) {
    if (told.busy(event)) return;
    if (event.repeat && event.target === box && COUNTING.test(event.key)) return event.preventDefault();
    if (event.key === "Enter" && event.target === field && astray.isScan && event.timeStamp - astray.last < SILENCE) {
      event.preventDefault();
      return fetchBack();
    }
    if (event.key === "Escape") {
      event.preventDefault();
      clear();
      multiply(1);
      return box.focus();
    }
    const plain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (plain && isElsewhere(event.target)) overhear(event);
    // A space or Enter on a button presses it; any other character belongs to the scan box.
    else if (plain && event.key !== " " && !event.target.matches(TEXT)) box.focus();
  }

  // --- for the screens

  function focus() {
    if (!told.busy()) box.focus({ preventScroll: true });
  }

  function clear() {
    box.value = "";
  }

  /** A code that began with a command's letter, typed slowly, or a scan right behind it. */
  function goOnAfter(letter) {
    kept = letter;
    box.value = letter;
    box.focus();
  }

  /** The quantity that was given for the next scan, used up by something else. */
  function onceTimes() {
    const by = times;
    multiply(1);
    return by;
  }

  return { attach, focus, clear, goOnAfter, onceTimes, named };
})();

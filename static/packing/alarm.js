"use strict";
// An error covers the screen and stays until it is acknowledged: by key, by touch, or by the command
// sheet's barcode. Meanwhile every scan is refused, loudly.
const Alarm = (() => {
  const panel = document.getElementById("alarm");
  const words = document.getElementById("alarm-text");
  const understood = document.getElementById("alarm-ok");
  // So long after its last character an Enter still belongs to a scan, in milliseconds.
  const OF_A_SCAN = 150;
  let heard = -1e9, scanned = "", ending = 0, after = () => {};

  /** `done` is called once somebody has acknowledged it. */
  function show({ tone, text }, done) {
    after = done;
    scanned = "";
    panel.className = `alarm ${tone}`;
    words.textContent = text;
    panel.hidden = false;
    understood.focus();
    Sound.play(tone);
  }

  function acknowledge() {
    panel.hidden = true;
    delete document.body.dataset.tone;
    after();
  }

  function endOfScan() {
    clearTimeout(ending);
    const isOk = ScanBox.named(scanned) === "ok";
    scanned = "";
    if (isOk) acknowledge();
    return isOk;
  }

  /** Enter or Esc acknowledges, but not the Enter at the end of a scan: that scan is refused. */
  document.addEventListener("keydown", (event) => {
    if (panel.hidden) return;
    if (event.key.length === 1) {
      event.preventDefault();
      clearTimeout(ending);
      scanned = event.timeStamp - heard < OF_A_SCAN ? scanned + event.key : event.key;
      heard = event.timeStamp;
      ending = setTimeout(endOfScan, OF_A_SCAN);
    } else if (event.key === "Enter" || event.key === "Escape") {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (event.timeStamp - heard < OF_A_SCAN) return void (endOfScan() || Sound.play("wrong"));
      if (!event.repeat) acknowledge();
    }
  });
  understood.addEventListener("click", acknowledge);

  return { show, get isOpen() { return !panel.hidden; } };
})();

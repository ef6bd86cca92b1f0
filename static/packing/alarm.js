"use strict";
// An error covers the screen and stays until it is acknowledged by key or touch.
const Alarm = (() => {
  const panel = document.getElementById("alarm");
  const words = document.getElementById("alarm-text");
  const understood = document.getElementById("alarm-ok");
  let heard = 0, after = () => {};

  /** `done` is called once somebody has acknowledged it. */
  function show({ tone, text }, done) {
    after = done;
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

  /** Enter or Esc acknowledges, but not the Enter at the end of a scan: that scan is refused. */
  document.addEventListener("keydown", (event) => {
    if (panel.hidden) return;
    if (event.key.length === 1) {
      heard = event.timeStamp;
      event.preventDefault();
    } else if (event.key === "Enter" || event.key === "Escape") {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (event.timeStamp - heard < 150) return Sound.play("wrong");
      if (!event.repeat) acknowledge();
    }
  });
  understood.addEventListener("click", acknowledge);

  return { show, get isOpen() { return !panel.hidden; } };
})();

"use strict";
// The time left counts down on the screen: words, shape and colour, by the portal's clock.
const Clock = (() => {
  const words = document.getElementById("clock").dataset;
  const ahead = Date.now() - Number(words.now) * 1000;
  const SIGNS = { calm: "●", soon: "◆", late: "▲" };

  function span(seconds) {
    const minutes = Math.floor(seconds / 60);
    if (minutes < 60) return words.minutes.replace("{minutes}", minutes);
    if (minutes >= 48 * 60) return words.days.replace("{days}", Math.floor(minutes / 1440));
    const rest = String(minutes % 60).padStart(2, "0");
    return words.hours.replace("{hours}", Math.floor(minutes / 60)).replace("{minutes}", rest);
  }

  function levelOf(left) {
    return left < 0 ? "late" : left <= Number(words.soon) ? "soon" : "calm";
  }

  /** Brings every time on the page up to now. What carries the level's colour is `.timed`. */
  function tick() {
    const now = (Date.now() - ahead) / 1000;
    for (const when of document.querySelectorAll("[data-due]")) {
      const left = Number(when.dataset.due) - now;
      const level = levelOf(left);
      when.querySelector(".sign").textContent = SIGNS[level];
      when.querySelector(".time").textContent = words[left < 0 ? "late" : "left"].replace("{time}", span(Math.abs(left)));
      const around = when.closest(".timed");
      around?.classList.remove("calm", "soon", "late");
      around?.classList.add(level);
    }
  }

  setInterval(tick, 5000);
  document.addEventListener("visibilitychange", tick);
  return { tick };
})();

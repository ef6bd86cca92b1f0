"use strict";
// The question has the keyboard: Enter says yes, but not the Enter at the end of a scan, unless what
// was scanned is the command sheet's “understood”.
(() => {
  const OF_A_SCAN = 150; // milliseconds
  const commands = JSON.parse(document.body.dataset.commands);
  const question = document.getElementById("question");
  let heard = -1e9, scanned = "";

  document.addEventListener("keydown", (event) => {
    const isSoon = event.timeStamp - heard < OF_A_SCAN;
    if (event.key.length === 1 && event.key !== " ") {
      scanned = isSoon ? scanned + event.key : event.key;
      heard = event.timeStamp;
    } else if (event.key === "Enter" && isSoon) {
      event.preventDefault();
      if (commands[scanned.toUpperCase()] === "ok") question.requestSubmit();
      scanned = "";
    } else if (event.key === "Escape") {
      document.getElementById("not-yet").click();
    }
  });
  document.body.dataset.ready = "1";
})();

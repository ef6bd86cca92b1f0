"use strict";
// Prints the paper; without scripts the browser's own print command does. Each print is recorded.
const button = document.getElementById("print");
const record = document.getElementById("printed");
button.hidden = false;
button.addEventListener("click", () => window.print());
// In a hidden frame of the table it must not take the focus from the scan box.
if (window.top === window) button.focus();
if (record) {
  window.addEventListener("beforeprint", () => {
    fetch(record.action, { method: "POST", body: new URLSearchParams(new FormData(record)), keepalive: true }).catch(() => {});
  });
}
document.body.dataset.ready = "1";

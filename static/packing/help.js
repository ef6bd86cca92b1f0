"use strict";
// The screen's keys, shown by `?` and by the button: a dialog that gives way to a scan.
const Help = (() => {
  const dialog = document.getElementById("help"), button = document.getElementById("help-key");

  function open() {
    dialog.showModal();
  }

  /** True while it has the keyboard to itself; any character closes it and is the scan box's. */
  function holds(event) {
    if (!dialog.open) return false;
    if (!event || event.key.length !== 1 || event.key === " ") return true;
    dialog.close();
    return false;
  }

  if (dialog && document.getElementById("scan")) {
    button.hidden = false;
    button.addEventListener("click", open);
    dialog.addEventListener("close", () => ScanBox.focus());
  }
  return { open, holds, get isOpen() { return dialog.open; } };
})();

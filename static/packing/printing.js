"use strict";
// Prints pages without leaving the screen, one after the other. With a browser in kiosk printing no
// question is asked; else each opens the browser's own dialog.
const Printing = (() => {
  // A page that has not come by then is not waited for, in milliseconds.
  const PATIENCE = 15000;
  // Some browsers never tell that printing is over.
  const SILENT = 3000;

  /** Resolves to the addresses that could not be printed; a printer never keeps anybody waiting. */
  async function print(addresses) {
    const failed = [];
    for (const address of addresses) {
      try { await one(address); } catch { failed.push(address); }
    }
    return failed;
  }

  function one(address) {
    const frame = document.createElement("iframe");
    frame.className = "printed";
    frame.setAttribute("aria-hidden", "true");
    frame.tabIndex = -1;
    frame.src = address;
    const done = new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("late")), PATIENCE);
      frame.addEventListener("load", () => {
        clearTimeout(late);
        try {
          // Only our own page has it: an error page in its place cannot be printed by mistake.
          if (!frame.contentDocument.querySelector("[data-printable]")) throw new Error("absent");
          frame.contentWindow.addEventListener("afterprint", resolve);
          frame.contentWindow.print();
          setTimeout(resolve, SILENT);
        } catch (error) {
          reject(error);
        }
      });
    });
    document.body.append(frame);
    return done.finally(() => frame.remove());
  }

  return { print };
})();

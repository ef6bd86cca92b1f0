"use strict";
// Prints pages without leaving the screen, one after the other. With a browser in kiosk printing no
// question is asked; else each opens the browser's own dialog.
const Printing = (() => {
  // A page that has not come by then is not waited for, in milliseconds.
  const PATIENCE = 15000;
  // Some browsers never tell that printing is over.
  const SILENT = 3000;

  const line = [];
  let atWork = null;

  /**
   * Resolves to the addresses that could not be printed, once nothing is left to print; to null when
   * others are still being printed: whoever asked for those is told of these as well.
   */
  async function print(addresses) {
    line.push(...addresses);
    if (atWork) return null;
    atWork = work();
    const failed = await atWork;
    atWork = null;
    return failed;
  }

  async function work() {
    const failed = [];
    while (line.length) {
      const address = line.shift();
      try { await one(address); } catch { failed.push(address); }
    }
    return failed;
  }

  /** Resolves when nothing is being printed: who leaves the page before then leaves papers unprinted. */
  async function over() {
    await atWork;
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

  return { print, over };
})();

// Small comforts of the admin: cents read as currency, whole addresses to copy.
(function () {
  "use strict";

  function absolute(element) {
    return location.origin + element.dataset.absolute;
  }

  function readable(cents) {
    const amount = new Intl.NumberFormat(document.documentElement.lang, {
      minimumFractionDigits: 2,
      maximumFractionDigits: 2,
    });
    return amount.format(Number(cents) / 100);
  }

  function showCents(input) {
    let output = input.nextElementSibling;
    if (!output || output.tagName !== "OUTPUT") {
      output = document.createElement("output");
      output.className = "portal-cents";
      input.after(output);
    }
    output.textContent = /^\d+$/.test(input.value) ? "= " + readable(input.value) : "";
  }

  function copy(button) {
    const text = absolute(button.parentElement.querySelector("[data-absolute]"));
    const label = button.textContent;
    const done = function () {
      button.textContent = button.dataset.copied;
      setTimeout(function () { button.textContent = label; }, 2000);
    };
    if (navigator.clipboard) {
      navigator.clipboard.writeText(text).then(done);
      return;
    }
    // Without HTTPS browsers have no clipboard object; a selection still copies.
    const box = document.createElement("textarea");
    box.value = text;
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
    done();
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("input[data-cents]").forEach(showCents);
    document.querySelectorAll("[data-absolute]").forEach(function (element) {
      element.textContent = absolute(element);
    });
  });
  // The theme hides the page until it is ready, and what is hidden takes no focus by itself.
  window.addEventListener("load", function () {
    const name = document.querySelector("#login-form [name=username]");
    if (name && document.activeElement === document.body) { name.focus(); }
  });
  // A dialog has the keyboard: its first field, or the button that changes nothing.
  document.addEventListener("htmx:afterSettle", function (event) {
    if (event.target.id !== "modal-content" && event.target.id !== "dialog-form") { return; }
    const dialog = document.getElementById("modal-content");
    const first = dialog.querySelector("input:not([type=hidden]), select, textarea") || dialog.querySelector("[data-back]");
    // The overlay is shown in the next turn; what is hidden takes no focus.
    setTimeout(function () { if (first) { first.focus(); } }, 60);
  });
  document.addEventListener("input", function (event) {
    if (event.target.matches("input[data-cents]")) { showCents(event.target); }
  });
  document.addEventListener("click", function (event) {
    const button = event.target.closest("button[data-copy]");
    if (button) { copy(button); }
  });
})();

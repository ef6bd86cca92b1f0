// Copies the answer; keeps the pasted request's hidden fields in step with the visible ones.
(function () {
  "use strict";

  function said(button) {
    const label = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(function () { button.textContent = label; }, 2000);
  }

  function copy(button) {
    const source = document.getElementById(button.dataset.copies);
    if (navigator.clipboard) {
      navigator.clipboard.writeText(source.textContent).then(function () { said(button); });
      return;
    }
    // Without HTTPS browsers have no clipboard object; a selection still copies.
    const range = document.createRange();
    range.selectNodeContents(source);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    document.execCommand("copy");
    said(button);
  }

  document.addEventListener("click", function (event) {
    const button = event.target.closest("button[data-copies]");
    if (button) { copy(button); }
  });
  document.addEventListener("submit", function (event) {
    event.target.querySelectorAll("[data-mirrors]").forEach(function (field) {
      field.value = document.getElementById(field.dataset.mirrors).value;
    });
  });
})();

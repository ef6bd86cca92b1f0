"use strict";
// A digit chooses the warehouse.
document.querySelector("[data-number]")?.focus();
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelector(".home").click();
  document.querySelector(`[data-number="${CSS.escape(event.key)}"]`)?.click();
});

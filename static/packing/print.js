"use strict";
// Prints the slip; without scripts the browser's own print command does.
const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => window.print());
button.focus();

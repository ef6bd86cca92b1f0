// Keeps the page of a piece of long work alive until it is over; then the page is loaded again.
(function () {
  "use strict";
  const page = document.querySelector("[data-job]");
  if (!page) { return; }
  const part = function (name) { return page.querySelector("[data-job-" + name + "]"); };

  function show(state) {
    const bar = part("bar");
    if (state.percent === null) { bar.removeAttribute("value"); } else { bar.value = state.percent; }
    part("progress").textContent = state.progress;
    part("note").textContent = state.note;
    const label = part("status").firstElementChild;
    if (label.textContent.trim() !== state.status) { label.textContent = state.status; }
  }

  async function look() {
    try {
      const answer = await fetch(page.dataset.job, { headers: { "X-Requested-With": "fetch" } });
      // Signed out, or not ours any more: the page itself says what is the matter.
      if (answer.redirected || answer.status === 403 || answer.status === 404) { return location.reload(); }
      if (answer.ok) {
        const state = await answer.json();
        if (state.is_over) { return location.reload(); }
        show(state);
      }
    } catch {
      // The network is away: the next round will tell.
    }
    setTimeout(look, document.hidden ? 5000 : 1000);
  }
  setTimeout(look, 1000);
})();

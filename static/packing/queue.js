"use strict";
// New work appears without reloading; typing or scanning always lands in the box.
const box = document.getElementById("scan");
const list = document.getElementById("queue");

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
    if (answer.redirected) return location.reload();
    if (!answer.ok) return;
    const html = await answer.text();
    const focused = document.activeElement && document.activeElement.dataset.order;
    list.innerHTML = html;
    if (focused) list.querySelector(`[data-order="${CSS.escape(focused)}"]`)?.focus();
  } catch {
    // The next round will tell.
  }
}

if (list.dataset.refresh) setInterval(refresh, Number(list.dataset.refresh) * 1000);
document.addEventListener("visibilitychange", refresh);
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea");
  if (!typing && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) box.focus();
});
// A search is there to be replaced; what was scanned before this script ran is not.
if (box.defaultValue && box.value === box.defaultValue) box.select();

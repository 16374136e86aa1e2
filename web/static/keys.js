// Keys of pages: a link or a button says with data-key which key it answers to; "?" shows them all.
"use strict";
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const help = document.getElementById("keys");
  if (event.key === "?" && help) {
    if (help.open) help.close();
    else help.showModal();
    event.preventDefault();
    return;
  }
  if (help && help.open) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input:not([type=radio]), select, textarea")) target.focus();
  else target.click();
});

// a list: j and k, or the arrows, go through its rows; Enter opens one
const rows = () => [...document.querySelectorAll("[data-rows] a[data-row]")];
document.addEventListener("keydown", (event) => {
  const steps = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
  if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, dialog, canvas")) return;
  const all = rows();
  if (!all.length) return;
  const here = all.indexOf(document.activeElement);
  const next = here < 0 ? 0 : Math.min(Math.max(here + steps[event.key], 0), all.length - 1);
  all[next].focus();
  event.preventDefault();
});
for (const button of document.querySelectorAll("[data-show-keys]")) {
  button.addEventListener("click", () => document.getElementById("keys").showModal());
}

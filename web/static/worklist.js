// The worklist: when the server says that films have come, the rows are asked for anew; the focus stays on its film.
"use strict";
const list = document.getElementById("list");
document.getElementById("counters").addEventListener("changed", () => {
  if (!document.hidden) htmx.trigger(list, "changed");
  else list.dataset.stale = "";
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden || list.dataset.stale === undefined) return;
  delete list.dataset.stale;
  htmx.trigger(list, "changed");
});
let focused = "";
document.addEventListener("htmx:before:swap", () => {
  focused = document.activeElement?.matches("[data-row]") ? document.activeElement.getAttribute("href") : "";
});
document.addEventListener("htmx:after:swap", () => {
  if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
});

// Shared by all pages: the token of changes on every request of htmx.
"use strict";
document.addEventListener("htmx:config:request", (event) => {
  const headers = event.detail.ctx.request.headers;
  headers["X-CSRF-Token"] = document.body.dataset.csrf || "";
});

// Shared by all pages: the token of changes on every request of htmx, and times that stay as the server said them.
"use strict";
document.addEventListener("htmx:config:request", (event) => {
  const headers = event.detail.ctx.request.headers;
  headers["X-CSRF-Token"] = document.body.dataset.csrf || "";
});
document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

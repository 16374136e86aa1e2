// Uploads: files that were chosen or dropped go one by one, three at a time; then their answers are asked for.
"use strict";

const page = document.querySelector("[data-upload-page]");
const chooser = page.querySelector("input[type=file]");
const list = document.getElementById("uploads");
const summary = document.getElementById("sums");
const MOST_FILES = Number(page.dataset.mostFiles);
const MOST_BYTES = Number(page.dataset.mostBytes);
const AT_ONCE = 3;
const ASKED_AT_ONCE = 100;
const FEW = 3; // whoever sends no more wants to see them
const waiting = [];
let running = 0;

chooser.addEventListener("change", () => {
  take([...chooser.files]);
  chooser.value = "";
});
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    page.classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => event.relatedTarget || page.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  page.classList.remove("over");
  const entries = [...event.dataTransfer.items].filter((item) => item.kind === "file");
  const folders = entries.filter((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()?.isDirectory);
  const files = entries.filter((item) => !folders.includes(item)).map((item) => item.getAsFile());
  complain(folders.length ? "Folders are not uploaded: open the folder and choose its files." : "");
  take(files);
});
window.addEventListener("beforeunload", (event) => running + waiting.length && event.preventDefault());

function complain(words) {
  const place = document.getElementById("complaint");
  place.textContent = words;
  place.hidden = !words;
}

function take(files) {
  if (!files.length) return;
  if (files.length > MOST_FILES) {
    complain(`${files.length} files were chosen; ${MOST_FILES} at once are accepted. None was sent.`);
    return;
  }
  complain("");
  const template = document.getElementById("upload-row");
  for (const file of files) {
    const row = template.content.firstElementChild.cloneNode(true);
    row.querySelector("[data-name]").textContent = file.name;
    if (files.length <= FEW) row.dataset.few = "";
    list.prepend(row);
    waiting.push({ file, row });
  }
  count();
  while (running < AT_ONCE && waiting.length) send(waiting.shift());
}

function send({ file, row }) {
  running += 1;
  const bar = row.querySelector("progress");
  const state = row.querySelector("[data-state]");
  const fail = (words) => {
    row.dataset.failed = "";
    bar.hidden = true;
    state.textContent = words;
    state.classList.add("fault");
  };
  const next = () => {
    running -= 1;
    if (waiting.length) send(waiting.shift());
    count();
  };
  if (file.size > MOST_BYTES || file.size === 0) {
    const words = file.size ? `larger than the ${Math.floor(MOST_BYTES / 1048576)} MiB that are accepted` : "an empty file";
    fail(`not sent: ${words}`);
    next();
    return;
  }
  const request = new XMLHttpRequest();
  request.open("POST", "/upload");
  request.setRequestHeader("X-CSRF-Token", document.body.dataset.csrf);
  request.setRequestHeader("X-File-Name", encodeURIComponent(file.name));
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.upload.onprogress = (event) => {
    bar.value = event.loaded / (event.total || 1);
    state.textContent = `${Math.round(100 * bar.value)} %`;
  };
  request.onload = () => {
    if (request.status !== 200) fail(`not received: ${request.responseText.trim() || request.status}`);
    else {
      bar.hidden = true;
      state.textContent = "received; waits for its answer";
      row.dataset.upload = request.responseText;
    }
    next();
  };
  request.onerror = () => {
    fail("not received: the connection was lost; choose the file again");
    next();
  };
  state.textContent = "sending";
  request.send(file);
}

function count() {
  const all = list.querySelectorAll("[data-name]").length;
  const numbers = {
    answered: list.querySelectorAll("[data-outcome]").length,
    "to be sent": waiting.length + running,
    "without an answer yet": list.querySelectorAll("[data-upload]:not([data-outcome])").length,
    "not received": list.querySelectorAll("[data-failed]").length,
  };
  const said = Object.entries(numbers).filter(([, number]) => number);
  summary.textContent = all ? said.map(([name, number]) => `${number} ${name}`).join(" · ") : "";
}

async function look() {
  const open = [...list.querySelectorAll("[data-upload]:not([data-outcome])")];
  for (let first = 0; first < open.length; first += ASKED_AT_ONCE) {
    const ids = open.slice(first, first + ASKED_AT_ONCE).map((row) => row.dataset.upload);
    try {
      const answer = await fetch(`/upload/answers?ids=${ids.join(",")}`);
      if (answer.status === 401) return window.location.reload();
      if (answer.ok) show(await answer.text());
    } catch {
      // the server is away: its answers are asked for again
    }
  }
  count();
  window.setTimeout(look, list.querySelector("[data-upload]:not([data-outcome])") ? 1000 : 2000);
}

function show(text) {
  const found = new DOMParser().parseFromString(text, "text/html");
  for (const row of found.querySelectorAll("[data-upload]")) {
    const old = list.querySelector(`[data-upload="${CSS.escape(row.dataset.upload)}"]`);
    if (!old) continue;
    const answered = document.importNode(row, true);
    const picture = answered.querySelector("details.picture");
    if (picture) picture.open = old.dataset.few !== undefined;
    old.replaceWith(answered);
  }
}

count();
look();

// The viewer: a film on a plain canvas. An 8-bit picture comes at once, its 16-bit values take its place.
"use strict";

const PRESETS = { 1: [0.5, 1], 2: [0.35, 0.5], 3: [0.68, 0.5], 4: null }; // centre and width; 4 measures the film
const LEAST_WIDTH = 0.002;
const STEP = 0.03;
const PAN = 60;

class Viewer {
  constructor(frame) {
    this.frame = frame;
    this.canvas = frame.querySelector("canvas");
    this.note = frame.querySelector("[data-note]");
    this.numbers = frame.querySelector("[data-numbers]");
    this.heat = { picture: null, opacity: 0.5, shown: false, asked: false };
    this.reset();
    this.listen();
    new ResizeObserver(() => this.resize()).observe(this.canvas);
  }

  reset() {
    this.center = 0.5;
    this.width = 1;
    this.inverted = false;
    this.quarters = 0;
    this.fitted = true;
    this.shift = [0, 0];
    this.zoom = 1;
  }

  // another film in the same frame: what was asked for before must not come over it
  async load() {
    const turn = (this.turn = (this.turn || 0) + 1);
    this.values = this.film = null;
    this.base = [0.5, 1];
    this.heat = { ...this.heat, picture: null, shown: false, asked: false };
    this.frame.classList.remove("heated");
    this.frame.dataset.depth = "";
    this.reset();
    this.say("loading");
    try {
      const answer = await ask(this.frame.dataset.jpeg);
      const picture = await createImageBitmap(await answer.blob());
      this.frame.querySelector("[data-remarks]").textContent = answer.headers.get("X-Notes") || "";
      if (turn !== this.turn) return;
      this.take(picture.width, picture.height, readGray(picture), 255);
      this.frame.dataset.depth = "8";
      this.say("");
      const values = await ask(this.frame.dataset.values);
      const raw = await values.arrayBuffer();
      if (turn !== this.turn) return;
      const [rows, columns] = new Uint32Array(raw, 0, 2);
      this.base = (values.headers.get("X-Window") || "0.5 1").split(" ").map(Number);
      this.take(columns, rows, new Uint16Array(raw, 8), 65535);
      this.frame.dataset.depth = "16";
    } catch (error) {
      if (turn === this.turn) this.say(error.message);
    }
  }

  take(columns, rows, values, most) {
    this.values = values;
    this.most = most;
    if (!this.film || this.film.width !== columns || this.film.height !== rows) {
      this.film = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
      this.pen = this.film.getContext("2d");
      this.image = this.pen.createImageData(columns, rows);
    }
    this.window();
  }

  // one table from values to gray, then one pass over the film
  window() {
    if (!this.values) return;
    const table = new Uint32Array(this.most + 1);
    // centre and width are shares of what is displayed; the values may reach beyond it
    const [center, span] = [this.base[0] + (this.center - 0.5) * this.base[1], this.width * this.base[1]];
    const low = center - span / 2;
    for (let value = 0; value <= this.most; value++) {
      let gray = Math.min(Math.max((value / this.most - low) / span, 0), 1) * 255;
      gray = Math.round(this.inverted ? 255 - gray : gray);
      table[value] = 0xff000000 | (gray << 16) | (gray << 8) | gray;
    }
    const pixels = new Uint32Array(this.image.data.buffer);
    for (let place = 0; place < pixels.length; place++) pixels[place] = table[this.values[place]];
    this.pen.putImageData(this.image, 0, 0);
    this.draw();
  }

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.paint();
    });
  }

  paint() {
    const pen = this.canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (!this.film) return;
    if (this.fitted) this.fit();
    const [x, y] = this.shift;
    pen.translate(this.canvas.width / 2 + x, this.canvas.height / 2 + y);
    pen.rotate((this.quarters * Math.PI) / 2);
    pen.scale(this.zoom, this.zoom);
    pen.translate(-this.film.width / 2, -this.film.height / 2);
    pen.imageSmoothingEnabled = this.zoom < 3;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(this.film, 0, 0);
    if (this.heat.shown && this.heat.picture) {
      pen.globalAlpha = this.heat.opacity;
      pen.imageSmoothingEnabled = true;
      pen.drawImage(this.heat.picture, 0, 0, this.film.width, this.film.height);
      pen.globalAlpha = 1;
    }
    this.describe();
  }

  describe() {
    const percent = (share) => `${Math.round(share * 100)} %`;
    const zoom = this.zoom / (window.devicePixelRatio || 1);
    const turned = this.quarters ? ` · turned ${this.quarters * 90}°` : "";
    const said = `zoom ${percent(zoom)} · window ${percent(this.width)} · level ${percent(this.center)}`;
    this.numbers.textContent = said + (this.inverted ? " · inverted" : "") + turned;
  }

  say(words) {
    this.note.textContent = words;
    this.note.hidden = !words;
  }

  fit() {
    const turned = this.quarters % 2 === 1;
    const columns = turned ? this.film.height : this.film.width;
    const rows = turned ? this.film.width : this.film.height;
    this.zoom = Math.min(this.canvas.width / columns, this.canvas.height / rows);
    this.shift = [0, 0];
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.round(this.canvas.clientWidth * ratio);
    const height = Math.round(this.canvas.clientHeight * ratio);
    if (width === this.canvas.width && height === this.canvas.height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    if (this.film) this.paint();
  }

  setWindow(center, width) {
    this.center = Math.min(Math.max(center, -4), 5);
    this.width = Math.min(Math.max(width, LEAST_WIDTH), 8);
    this.window();
  }

  preset(number) {
    const [center, width] = PRESETS[number] || this.measured();
    this.setWindow(center, width);
  }

  measured() {
    const [center, width] = measure(this.values, this.most);
    return [0.5 + (center - this.base[0]) / this.base[1], width / this.base[1]];
  }

  zoomBy(factor, at = [0, 0]) {
    if (!this.film) return;
    const zoom = Math.min(Math.max(this.zoom * factor, 0.02), 40);
    this.shift = this.shift.map((shift, axis) => at[axis] + ((shift - at[axis]) * zoom) / this.zoom);
    this.zoom = zoom;
    this.fitted = false;
    this.draw();
  }

  pan(x, y) {
    this.shift = [this.shift[0] + x, this.shift[1] + y];
    this.fitted = false;
    this.draw();
  }

  act(name) {
    const ways = {
      fit: () => (this.fitted = true),
      original: () => this.zoomBy((window.devicePixelRatio || 1) / this.zoom),
      bigger: () => this.zoomBy(1.25),
      smaller: () => this.zoomBy(0.8),
      rotate: () => (this.quarters = (this.quarters + 1) % 4),
      invert: () => ((this.inverted = !this.inverted), this.window()),
      reset: () => (this.reset(), this.window()),
      heat: () => this.toggleHeat(),
    };
    if (!this.film) return;
    if (name in PRESETS) this.preset(name);
    else ways[name]();
    this.draw();
  }

  // it takes a second or two, so it is made only for who asks
  async toggleHeat() {
    this.heat.shown = !this.heat.shown;
    this.frame.classList.toggle("heated", this.heat.shown);
    if (!this.heat.shown || this.heat.asked) return this.draw();
    this.heat.asked = true;
    const [heat, turn] = [this.heat, this.turn];
    this.say("the heat map is being computed");
    try {
      const answer = await ask(this.frame.dataset.heat);
      heat.picture = await createImageBitmap(await answer.blob());
      if (turn !== this.turn) return;
      this.frame.dataset.heated = answer.headers.get("X-Evidence-Label") || "";
      const label = this.frame.querySelector("[data-evidence]");
      if (label) label.textContent = answer.headers.get("X-Evidence-Words") || "";
      this.say("");
    } catch (error) {
      heat.asked = heat.shown = false;
      this.frame.classList.remove("heated");
      this.say(error.message);
    }
    this.draw();
  }

  setOpacity(opacity) {
    this.heat.opacity = Math.min(Math.max(opacity, 0), 1);
    const slider = this.frame.querySelector("[data-opacity]");
    if (slider) slider.value = String(Math.round(this.heat.opacity * 100));
    this.draw();
  }

  listen() {
    const canvas = this.canvas;
    const activate = () => (Viewer.active = this);
    canvas.addEventListener("pointerdown", (event) => {
      activate();
      canvas.setPointerCapture(event.pointerId);
      const isPan = event.button !== 0 || event.shiftKey;
      this.drag = { x: event.clientX, y: event.clientY, isPan };
      event.preventDefault();
      canvas.focus();
    });
    canvas.addEventListener("pointermove", (event) => this.drag && this.moveTo(event));
    canvas.addEventListener("pointerup", () => (this.drag = null));
    canvas.addEventListener("pointercancel", () => (this.drag = null));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("dblclick", () => this.act("fit"));
    canvas.addEventListener("focus", activate);
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const box = canvas.getBoundingClientRect();
      const ratio = window.devicePixelRatio || 1;
      const at = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
      this.zoomBy(event.deltaY < 0 ? 1.15 : 1 / 1.15, at.map((place) => place * ratio));
    }, { passive: false });
    for (const button of this.frame.querySelectorAll("[data-act]")) {
      button.addEventListener("click", () => (activate(), this.act(button.dataset.act)));
    }
    const slider = this.frame.querySelector("[data-opacity]");
    if (slider) slider.addEventListener("input", () => this.setOpacity(slider.value / 100));
  }

  moveTo(event) {
    const [x, y] = [event.clientX - this.drag.x, event.clientY - this.drag.y];
    Object.assign(this.drag, { x: event.clientX, y: event.clientY });
    const ratio = window.devicePixelRatio || 1;
    if (this.drag.isPan) this.pan(x * ratio, y * ratio);
    else this.setWindow(this.center - y / 600, this.width * Math.exp(x / 300));
  }
}

async function ask(address) {
  const answer = await fetch(address, { headers: { Accept: "image/*, application/octet-stream, text/plain" } });
  if (answer.status === 401) window.location.reload(); // the session has run out: the server leads to the log-in
  if (!answer.ok) throw new Error((await answer.text()).trim() || `no picture (${answer.status})`);
  return answer;
}

function readGray(picture) {
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(picture, 0, 0);
  const pixels = pen.getImageData(0, 0, picture.width, picture.height).data;
  const gray = new Uint8Array(pixels.length / 4);
  for (let place = 0; place < gray.length; place++) gray[place] = pixels[4 * place];
  return gray;
}

// the window from the 2nd to the 98th hundredth of what is neither black nor white
function measure(values, most) {
  const counts = new Uint32Array(1024);
  for (let place = 0; place < values.length; place += 7) counts[(values[place] * 1023 / most) | 0]++;
  counts[0] = counts[1023] = 0;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const find = (share) => {
    let sum = 0;
    return counts.findIndex((count) => (sum += count) >= share * total) / 1023;
  };
  const [low, high] = [find(0.02), find(0.98)];
  return high > low ? [(low + high) / 2, high - low] : [0.5, 1];
}

const KEYS = {
  f: "fit", o: "original", "+": "bigger", "=": "bigger", "-": "smaller", r: "rotate", i: "invert", x: "reset", h: "heat",
  1: "1", 2: "2", 3: "3", 4: "4",
};
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

document.addEventListener("keydown", (event) => {
  const viewer = Viewer.active;
  if (!viewer || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, dialog")) return;
  const arrow = ARROWS[event.key];
  if (arrow && event.shiftKey) viewer.setWindow(viewer.center + arrow[1] * STEP, viewer.width * (1 - arrow[0] * 2 * STEP));
  else if (arrow) viewer.pan(arrow[0] * PAN, arrow[1] * PAN);
  else if (event.key === "," || event.key === ".") viewer.setOpacity(viewer.heat.opacity + (event.key === "," ? -0.1 : 0.1));
  else if (KEYS[event.key] !== undefined) viewer.act(KEYS[event.key]);
  else return;
  event.preventDefault();
});

const beside = document.querySelector("[data-viewer=beside]");
const viewers = new Map();
for (const frame of document.querySelectorAll("[data-viewer]")) viewers.set(frame, new Viewer(frame));
for (const [frame, viewer] of viewers) if (frame.dataset.jpeg) viewer.load();
Viewer.active = [...viewers.values()][0];

// an earlier film of the same patient, beside this one
for (const button of document.querySelectorAll("[data-beside]")) {
  button.addEventListener("click", () => {
    const isShown = button.getAttribute("aria-pressed") === "true";
    for (const other of document.querySelectorAll("[data-beside]")) other.setAttribute("aria-pressed", "false");
    beside.hidden = isShown;
    if (isShown) return;
    button.setAttribute("aria-pressed", "true");
    for (const name of ["jpeg", "values", "heat"]) beside.dataset[name] = `/films/${button.dataset.beside}/${name}`;
    beside.querySelector("[data-caption]").textContent = button.dataset.caption;
    viewers.get(beside).load();
  });
}

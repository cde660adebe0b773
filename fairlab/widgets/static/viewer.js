// The image viewer: puts picture and controls together, listens to pointer and keys, keeps in step with Python.

import { errorLine, frame, h, iconButton } from "./dom.js";
import { decoded, place, short } from "./numbers.js";
import { boxOf, scaleBar } from "./geometry.js";
import { TileStore, tileKey } from "./tiles.js";
import { Screen } from "./screen.js";
import { Panel, Sliders } from "./controls.js";

const SHARED = ["planes", "channels", "overlay", "view", "roi"];
const REPORT_AFTER_MS = 300;
const ASK_AFTER_MS = 150;
const KEYS = [
  ["drag, arrows", "move"],
  ["wheel, + −", "zoom (click first; Ctrl + wheel always)"],
  ["0", "fit"],
  ["PgUp PgDn", "next, previous plane"],
  ["space", "play"],
  ["1 – 9", "channels on and off"],
  ["A", "automatic contrast"],
  ["Shift + drag, B", "draw a box; take the screen as the box"],
  ["Enter", "pick the object at the cross"],
  ["Esc", "remove the box"],
];

class Viewer {
  constructor(model) {
    this.model = model;
    const image = { ...model.get("image"), first: model.get("first") };
    this.image = image;
    this.state = Object.fromEntries(SHARED.map((name) => [name, model.get(name)]));
    this.store = new TileStore(model, () => this.arrived());
    const palette = bytes(model.get("palette"));
    this.screen = new Screen(image, this.state, this.store, null, palette);
    const planes = this.screen.planes;
    image.first.tiles.forEach((form, i) => {
      const values = decoded(form.type, image.first.contents[i]);
      this.store.put(tileKey("", "first", planes, form.channel, 0, 0), { ...form, values });
    });
    this.panel = new Panel(image, this.state, this.screen, (name) => this.share(name));
    this.sliders = new Sliders(image, this.state, (name) => this.share(name), () => !this.store.shown.size);
    this.rows = new Map();
    this.exactValues = new Map();
    this.dirty = new Set();
    this.build();
    this.listen();
    this.showThumbnail();
  }

  // --- what is on the page

  build() {
    const { image, screen, panel } = this;
    this.scaleLine = h("i");
    this.scaleText = h("span");
    this.scale = h("div.fl-scale", {}, this.scaleText, this.scaleLine);
    this.badge = h("div.fl-badge.fl-waiting", { role: "status", hidden: true });
    this.hint = h("div.fl-badge.fl-hint", { hidden: true }, "Click to zoom with the wheel");
    this.row = h("div.fl-object", { hidden: true });
    this.stage = h("div.fl-stage", {
      tabIndex: 0, role: "application", "aria-roledescription": "image viewer",
      "aria-label": this.words(),
    }, screen.canvas, this.scale, this.badge, this.hint, this.row);
    screen.canvas.setAttribute("aria-hidden", "true");
    this.boxButton = iconButton("box", "Draw a box", () => this.setBoxMode(!this.boxMode), { "aria-pressed": "false" });
    this.panelButton = iconButton("sliders", "Channels and labels", () => this.togglePanel(), { "aria-expanded": "true", "aria-controls": panel.element.id });
    this.helpButton = iconButton("help", "Keys", () => this.toggleHelp(), { "aria-expanded": "false" });
    const tools = h("div.fl-row.fl-tools", { role: "toolbar", "aria-label": "View" },
      iconButton("minus", "Zoom out", () => this.zoom(1 / 1.5)),
      iconButton("plus", "Zoom in", () => this.zoom(1.5)),
      iconButton("fit", "Fit to the screen", () => this.fit()),
      this.boxButton,
      iconButton("code", "Copy Python code of what is selected", () => (this.report(), this.model.send({ kind: "code" }))),
      this.panelButton, this.helpButton);
    this.help = h("dl.fl-keys", { hidden: true }, KEYS.flatMap(([keys, words]) => [h("dt", {}, keys), h("dd", {}, words)]));
    const title = h("div.fl-grow.fl-titles", {},
      h("div.fl-caption.fl-clip", { title: image.title }, image.title || "Image"),
      image.credit ? h("div.fl-soft.fl-clip.fl-credit", { title: image.credit }, image.credit) : null);
    this.place = h("span.fl-probe.fl-grow", {});
    this.zoomText = h("span.fl-soft.fl-zoom", {});
    this.said = h("div.fl-unseen", { "aria-live": "polite" });
    this.roiText = h("span.fl-grow", {});
    const small = (words, onclick) => h("button.fl-button.fl-slim", { type: "button", onclick }, words);
    this.roiLine = h("div.fl-row.fl-roi", { hidden: true }, this.roiText,
      small("Zoom to box", () => this.show(this.state.roi)),
      small("Remove", () => this.setRoi(null)));
    this.codeText = h("textarea.fl-field.fl-copied", { readOnly: true, rows: 3, "aria-label": "Python code of what is selected" });
    this.codeLine = h("div.fl-code-line", { hidden: true }, this.codeText, small("Close", () => (this.codeLine.hidden = true)));
    this.error = errorLine(this.model);
    const status = h("div.fl-row.fl-status", {}, this.place, this.zoomText);
    const left = h("div.fl-picture", {}, this.stage, this.sliders.element, status, this.roiLine);
    this.body = h("div.fl-body", {}, left, panel.element);
    this.element = frame("Image viewer",
      h("div.fl-row.fl-head", {}, title, tools),
      this.help, this.body, this.codeLine, this.error.element, this.said);
    panel.update();
  }

  /** The image in words, for readers who do not see it. */
  words() {
    const { image } = this;
    const [level] = image.levels;
    const names = image.channels.map(({ name }) => name).join(", ");
    const parts = [image.title || "Image", `${level.x.size} by ${level.y.size} pixels`, names && `channels ${names}`];
    return `${parts.filter(Boolean).join("; ")}. Arrow keys move, plus and minus zoom.`;
  }

  togglePanel() {
    const isHidden = (this.panel.element.hidden = !this.panel.element.hidden);
    this.panelButton.setAttribute("aria-expanded", String(!isHidden));
    this.measure();
  }

  toggleHelp() {
    this.help.hidden = !this.help.hidden;
    this.helpButton.setAttribute("aria-expanded", String(!this.help.hidden));
  }

  showThumbnail() {
    const content = bytes(this.model.get("thumbnail"));
    if (!content.byteLength) return;
    createImageBitmap(new Blob([content], { type: "image/jpeg" })).then((picture) => {
      if (this.screen.looks === 0) this.screen.thumbnail = picture;
      this.schedule();
    });
  }

  // --- pointer and keys

  listen() {
    const { stage, element } = this;
    const on = (target, name, act, options) => target.addEventListener(name, act, options);
    on(stage, "pointerdown", (event) => this.press(event));
    on(stage, "pointermove", (event) => this.hover(event));
    on(stage, "pointerleave", () => ((this.pointer = null), this.probe()));
    on(stage, "wheel", (event) => this.wheel(event), { passive: false });
    on(stage, "dblclick", (event) => this.zoom(event.shiftKey ? 0.5 : 2, ...this.at(event)));
    on(stage, "keydown", (event) => this.key(event));
    on(stage, "blur", () => ((this.screen.crosshair = false), this.schedule()));
    // Python is told of new looks when the reader turns away: while a handle moves, nothing is sent.
    on(element, "pointerleave", () => this.report());
    on(element, "focusout", (event) => element.contains(event.relatedTarget) || this.report());
    this.sized = new ResizeObserver(() => this.resize());
    this.sized.observe(this.stage);
    this.heard = (message, buffers) => this.hear(message, buffers);
    this.model.on("msg:custom", this.heard);
    this.followers = SHARED.map((name) => [`change:${name}`, () => this.follow(name)]);
    for (const [name, act] of this.followers) this.model.on(name, act);
  }

  close() {
    this.sliders.stop();
    this.sized.disconnect();
    this.store.close();
    this.model.off("msg:custom", this.heard);
    for (const [name, act] of this.followers) this.model.off(name, act);
  }

  at(event) {
    const box = this.screen.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * this.ratio, (event.clientY - box.top) * this.ratio];
  }

  press(event) {
    if (event.button !== 0) return;
    const start = this.at(event);
    const isBox = event.shiftKey || this.boxMode;
    let last = start;
    let moved = false;
    const move = (next) => {
      const point = this.at(next);
      moved ||= Math.hypot(point[0] - start[0], point[1] - start[1]) > 3 * this.ratio;
      if (isBox) this.screen.drawing = this.boxBetween(start, point);
      else this.screen.camera.pan(point[0] - last[0], point[1] - last[1]);
      last = point;
      this.schedule();
    };
    const end = () => {
      this.stage.removeEventListener("pointermove", move);
      this.stage.classList.remove("fl-dragging");
      const box = this.screen.drawing;
      this.screen.drawing = null;
      if (isBox && moved) this.setRoi(box);
      else if (!moved) this.pick(...start);
      else this.share("view");
      if (isBox) this.setBoxMode(false);
    };
    this.stage.setPointerCapture(event.pointerId);
    this.stage.classList.add("fl-dragging");
    this.stage.addEventListener("pointermove", move);
    this.stage.addEventListener("pointerup", end, { once: true });
  }

  /** A box between two points of the screen, held inside the image. */
  boxBetween(from, to) {
    const { camera } = this.screen;
    const [u1, v1] = camera.at(...from);
    const [u2, v2] = camera.at(...to);
    const inside = (value, most) => Math.min(Math.max(Math.round(value), 0), most);
    return boxOf(this.image, inside(u1, camera.columns), inside(v1, camera.rows), inside(u2, camera.columns), inside(v2, camera.rows));
  }

  wheel(event) {
    const isMeant = event.ctrlKey || event.metaKey || document.activeElement === this.stage;
    if (!isMeant) {
      this.hint.hidden = false;
      clearTimeout(this.hintTimer);
      this.hintTimer = setTimeout(() => (this.hint.hidden = true), 1500);
      return;
    }
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 20 : 1;
    this.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.008 : 0.0016)), ...this.at(event));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const far = 60 * this.ratio;
    const { key } = event;
    const acts = {
      ArrowLeft: () => this.pan(far, 0), ArrowRight: () => this.pan(-far, 0),
      ArrowUp: () => this.pan(0, far), ArrowDown: () => this.pan(0, -far),
      "+": () => this.zoom(1.5), "=": () => this.zoom(1.5), "-": () => this.zoom(1 / 1.5), "−": () => this.zoom(1 / 1.5),
      0: () => this.fit(),
      PageUp: () => this.sliders.step(1), PageDown: () => this.sliders.step(-1),
      " ": () => this.sliders.play(),
      a: () => this.panel.auto(this.screen.active),
      b: () => this.setRoi(this.boxBetween([0, 0], [this.screen.camera.width, this.screen.camera.height])),
      Enter: () => this.pick(this.screen.camera.width / 2, this.screen.camera.height / 2),
      Escape: () => this.setRoi(null),
      "?": () => this.toggleHelp(),
    };
    const act = /^[1-9]$/.test(key) ? () => this.panel.toggle(Number(key) - 1) : acts[key] ?? acts[key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    this.pointer = null;
    this.screen.crosshair = true;
    act();
    this.schedule();
    this.probe(true);
  }

  pan(dx, dy) {
    this.screen.camera.pan(dx, dy);
    this.share("view");
  }

  zoom(factor, x, y) {
    this.screen.camera.zoomAt(factor, x, y);
    this.share("view");
  }

  fit() {
    this.screen.camera.fit();
    this.share("view");
  }

  show(box) {
    this.screen.camera.box = box;
    this.share("view");
  }

  setBoxMode(isOn) {
    this.boxMode = isOn;
    this.boxButton.setAttribute("aria-pressed", String(isOn));
    this.stage.classList.toggle("fl-boxing", isOn);
  }

  setRoi(box) {
    this.state.roi = box;
    this.share("roi");
    this.showRoi();
  }

  pick(x, y) {
    const label = this.screen.probe(x, y)?.label;
    if (label) this.model.send({ kind: "click", labels: this.state.overlay.labels, id: label });
  }

  // --- in step with Python

  /** A part of the state changed here: paint it, and tell Python when there is time. */
  share(name) {
    this.dirty.add(name);
    this.schedule();
    if (name === "channels" || name === "overlay") return;
    clearTimeout(this.reportTimer);
    this.reportTimer = setTimeout(() => this.report(), REPORT_AFTER_MS);
  }

  report() {
    if (!this.dirty.size) return;
    this.isReporting = true;
    for (const name of this.dirty) this.model.set(name, name === "view" ? this.screen.camera.box : this.state[name]);
    this.isReporting = false;
    this.dirty.clear();
    this.model.save_changes();
  }

  /** A part of the state was set from Python, or by a linked viewer. */
  follow(name) {
    if (this.isReporting) return;
    this.state[name] = this.model.get(name);
    this.dirty.delete(name);
    if (name === "view") this.screen.camera.box = this.state.view;
    if (name === "channels") this.screen.repaint();
    if (name === "overlay") this.screen.thumbnail = null;
    if (name === "roi") this.showRoi();
    this.panel.update();
    this.sliders.update();
    this.schedule();
  }

  hear(message) {
    if (message.kind === "fine") {
      this.error.clear();
      this.store.forgetFailures();
      this.schedule();
    } else if (message.kind === "object") {
      this.rows.set(`${message.labels}|${message.id}`, message.row);
      this.probe();
    } else if (message.kind === "values") {
      this.exactValues = new Map([[message.token, message.values]]);
      this.probe();
    } else if (message.kind === "code") this.showCode(message.text);
  }

  showCode(text) {
    this.codeText.value = text;
    this.codeText.rows = text.split("\n").length;
    this.codeLine.hidden = false;
    const copied = navigator.clipboard?.writeText(text) ?? Promise.reject();
    copied.then(() => this.say("Code copied"), () => (this.codeText.focus(), this.codeText.select()));
  }

  say(words) {
    this.said.textContent = words;
  }

  // --- painting

  resize() {
    const width = this.stage.clientWidth;
    if (!width) return;
    const { camera, canvas } = this.screen;
    const proportion = (camera.rows * this.image.aspect) / camera.columns;
    const height = Math.round(Math.min(Math.max(width * proportion, 240), 520));
    this.ratio = Math.min(window.devicePixelRatio || 1, 2);
    const [across, down] = [Math.round(width * this.ratio), Math.round(height * this.ratio)];
    if (canvas.width === across && canvas.height === down && this.isSized) return;
    canvas.style.height = `${height}px`;
    [canvas.width, canvas.height] = [across, down];
    camera.resize(across, down);
    if (!this.isSized && this.state.view) camera.box = this.state.view;
    this.isSized = true;
    this.paint();
  }

  schedule() {
    this.frame ??= requestAnimationFrame(() => this.paint());
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.frame = null;
    if (!this.isSized) return;
    this.store.want(this.screen.needs(this.sliders.neighbour(this.image.dimensions)));
    this.screen.paint();
    this.showScale();
    this.showWaiting();
    this.probe();
  }

  arrived() {
    this.panel.openWindows();
    this.schedule();
    this.measure();
  }

  measure() {
    this.measureTimer ??= setTimeout(() => {
      this.measureTimer = null;
      this.panel.measure();
    }, 200);
  }

  showScale() {
    const { camera } = this.screen;
    const bar = scaleBar(this.image, camera.width / this.ratio, camera.zoom / this.ratio);
    this.scale.hidden = !bar;
    if (!bar) return;
    this.scaleLine.style.width = `${bar.pixels}px`;
    this.scaleText.textContent = bar.text;
    const level = this.image.levels[camera.level];
    this.zoomText.textContent = `${level.name} · ${short((camera.zoom / this.ratio) * 100, 3)} %`;
  }

  showWaiting() {
    const { waiting } = this.store;
    this.badge.hidden = !waiting;
    this.badge.textContent = waiting === "busy" ? "Kernel busy" : "Loading…";
    this.badge.title = waiting === "busy" ? "The picture is what was read last; it sharpens when the kernel is free" : "";
  }

  showRoi() {
    const { roi } = this.state;
    this.roiLine.hidden = !roi;
    if (!roi) return;
    const { x, y, bytes: size } = this.image;
    const lengths = [x, y].map((axis) => roi[axis.dim][1] - roi[axis.dim][0]);
    const pixels = [x, y].map((axis, i) => Math.max(1, Math.round(lengths[i] / Math.abs(axis.step))));
    const units = x.symbol ? ` · ${lengths.map((length) => short(length, 4)).join(" × ")} ${x.symbol}` : "";
    const megabytes = (pixels[0] * pixels[1] * Math.max(1, this.screen.active.length) * size) / 1e6;
    this.roiText.textContent = `Box ${pixels.join(" × ")} px${units} · ${short(megabytes, 2)} MB`;
  }

  hover(event) {
    this.pointer = this.at(event);
    this.screen.crosshair = false;
    this.probe();
  }

  /** Position, stored values and object under the pointer, or at the cross when keys are used. */
  probe(aloud = false) {
    const { screen, image, state } = this;
    const point = this.pointer ?? (screen.crosshair ? [screen.camera.width / 2, screen.camera.height / 2] : null);
    const hit = point && screen.probe(...point);
    this.stage.classList.toggle("fl-pickable", Boolean(hit?.label));
    if (!hit) {
      this.place.replaceChildren();
      this.row.hidden = true;
      return;
    }
    const words = [];
    const step = (axis) => axis.step * (image.levels[hit.level ?? 0][axis === image.x ? "x" : "y"].factor);
    for (const axis of [image.x, image.y])
      words.push(h("span.fl-coordinate", {}, `${axis.dim} ${place(hit[axis === image.x ? "x" : "y"], step(axis))}${axis.symbol ? ` ${axis.symbol}` : axis.symbol === "" ? " px" : ""}`));
    const others = this.others(hit);
    state.channels.forEach((channel, number) => {
      const value = hit.values.get(number) ?? others?.[number] ?? (hit.error && channel.active ? "not readable" : "…");
      const dot = h("i.fl-dot", { style: { background: channel.color } });
      words.push(h("span.fl-reading", { title: channel.name }, dot, `${state.channels.length > 1 ? `${channel.name} ` : ""}${value}`));
    });
    if (hit.label) words.push(h("span.fl-reading", {}, `${state.overlay.labels} ${hit.label}`));
    if (hit.level !== null) words.push(h("span.fl-soft", {}, image.levels[hit.level].name));
    if (hit.error) words.push(h("span.fl-reason", {}, hit.error));
    this.place.replaceChildren(...words);
    if (aloud) this.say(this.place.textContent);
    this.showRow(hit.label);
  }

  /** Values of channels that are off: the kernel is asked when the pointer rests. */
  others(hit) {
    if (hit.level === null || hit.error || hit.values.size >= this.state.channels.length) return null;
    const token = `${hit.level}|${this.screen.shownPlanes}|${hit.row}|${hit.column}`;
    if (this.exactValues.has(token)) return this.exactValues.get(token);
    if (this.asked !== token) {
      this.asked = token;
      clearTimeout(this.askTimer);
      const { level, row, column } = hit;
      const planes = this.screen.shownPlanes;
      this.askTimer = setTimeout(() => this.model.send({ kind: "values", token, level, planes, row, column }), ASK_AFTER_MS);
    }
    return null;
  }

  showRow(label) {
    const labels = this.state.overlay.labels;
    const key = `${labels}|${label}`;
    const facts = label ? this.rows.get(key) : null;
    this.row.hidden = !facts?.length;
    if (facts?.length)
      this.row.replaceChildren(h("b", {}, `${labels} ${label}`), ...facts.map(([name, value]) => h("span", {}, h("span.fl-soft", {}, `${name} `), value)));
    if (!label || this.rows.has(key) || this.askedRow === key) return;
    this.askedRow = key;
    clearTimeout(this.rowTimer);
    this.rowTimer = setTimeout(() => this.model.send({ kind: "object", labels, id: label }), ASK_AFTER_MS);
  }
}

/** The bytes of a trait, which is a DataView in a live notebook. */
function bytes(view) {
  return view ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : new Uint8Array();
}

export default {
  render({ model, el }) {
    const viewer = new Viewer(model);
    el.append(viewer.element);
    viewer.element.fairlab = viewer; // for tests, and for whoever looks for a fault
    viewer.resize();
    viewer.measure();
    return () => viewer.close();
  },
};

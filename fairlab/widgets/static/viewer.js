// The image viewer: puts picture and controls together, and keeps them in step with Python.

import { errorLine, frame, h, iconButton, small } from "./dom.js";
import { decoded } from "./numbers.js";
import { TileStore } from "./tiles.js";
import { Screen } from "./screen.js";
import { panelOf, slidersOf } from "./controls.js";
import { readingOf } from "./reading.js";
import { listen } from "./gestures.js";
import { lasting } from "./lasting.js";

const SHARED = ["planes", "channels", "overlay", "view", "roi"];
const REPORT_AFTER_MS = 300;
const BUSY = ["Kernel busy", "The picture is what was read last; it sharpens when the kernel is free"];
const WAITING = { "": ["", ""], loading: ["Loading…", ""], busy: BUSY };

function view(model) {
  const image = { ...model.get("image"), first: model.get("first") };
  const state = Object.fromEntries(SHARED.map((name) => [name, model.get(name)]));
  const store = new TileStore(model, () => {
    viewer.panel.openWindows();
    viewer.schedule();
    viewer.measure();
  });
  const screen = new Screen(image, state, store, decoded("u4", model.get("palette")));
  const { camera, canvas } = screen;
  image.first.tiles.forEach((form, i) => store.put(form, decoded(form.type, image.first.contents[i])));
  const stage = h("div.fl-stage", { tabIndex: 0, role: "application", "aria-roledescription": "image viewer",
    ariaLabel: `${image.words}. Arrow keys move, plus and minus zoom.` }, canvas);
  canvas.ariaHidden = true;
  canvas.style.aspectRatio = camera.columns / (camera.rows * image.aspect);

  const kept = lasting(model, () => store.waiting || viewer.frame);
  const dirty = new Set();
  let reporting, measuring, isReporting, isSized;
  const viewer = {
    model, image, state, store, screen, stage, kept, ratio: 1, frame: null,

    // In step with Python.
    share(name) {
      dirty.add(name);
      kept.moves();
      viewer.schedule();
      // While a handle of contrast moves, nothing is sent: Python is told when the reader turns away.
      if (name === "channels" || name === "overlay") return;
      clearTimeout(reporting);
      reporting = setTimeout(viewer.report, REPORT_AFTER_MS);
    },
    report() {
      if (!dirty.size) return;
      if (dirty.has("view")) state.view = camera.box;
      isReporting = true;
      for (const name of dirty) model.set(name, state[name]);
      isReporting = false;
      dirty.clear();
      model.save_changes();
      kept.rested();
    },
    /** Python, or a linked viewer, set a part of the state. */
    follow(name) {
      if (isReporting) return;
      state[name] = model.get(name);
      dirty.delete(name);
      if (name === "view") camera.box = state.view;
      if (name === "channels") screen.repaint();
      if (name === "overlay") screen.thumbnail = null;
      viewer.update();
      viewer.schedule();
      kept.rested();
    },
    hear(message, buffers) {
      store.hear(message, buffers);
      kept.hear(message);
      if (message.kind === "fine") error.clear();
      else if (message.kind === "answer") reading.learn(message);
      else if (message.kind === "code") showCode(message.text);
    },

    // What the reader does.
    zoom(factor, point = []) {
      camera.zoomAt(factor, ...point);
      viewer.share("view");
    },
    show(box) {
      camera.box = box;
      viewer.share("view");
    },
    setRoi(box) {
      state.roi = box;
      viewer.share("roi");
      viewer.update();
    },
    setBoxMode(isOn) {
      boxButton.ariaPressed = viewer.boxMode = isOn;
      stage.classList.toggle("fl-boxing", isOn);
    },
    pick(point) {
      const label = screen.probe(...point)?.label;
      if (label) model.send({ kind: "click", labels: state.overlay.labels, id: label });
    },
    help: () => toggle(helpButton, help),
    say: (words) => (said.textContent = words),

    // What is shown of it.
    resize() {
      viewer.ratio = Math.min(devicePixelRatio, 2);
      const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((size) => Math.round(size * viewer.ratio));
      if (!width || (isSized && canvas.width === width && canvas.height === height)) return;
      Object.assign(canvas, { width, height });
      camera.resize(width, height);
      if (!isSized && state.view) camera.box = state.view;
      isSized = true;
      viewer.paint();
    },
    schedule() {
      viewer.frame ??= requestAnimationFrame(viewer.paint);
    },
    paint() {
      cancelAnimationFrame(viewer.frame);
      viewer.frame = null;
      if (!isSized) return;
      store.want(screen.needs(sliders.neighbour()));
      screen.paint();
      reading.update(viewer.ratio);
      badge.hidden = !store.waiting;
      [badge.textContent, badge.title] = WAITING[store.waiting];
    },
    update() {
      panel.update();
      sliders.update();
      roiLine.hidden = !state.roi;
      if (state.roi) reading.measure(state.roi);
    },
    measure() {
      measuring ??= setTimeout(() => {
        measuring = null;
        panel.measure();
      }, 200);
    },
  };

  const panel = (viewer.panel = panelOf(viewer));
  const sliders = (viewer.sliders = slidersOf(viewer));
  const reading = (viewer.reading = readingOf(viewer));
  const toggle = (button, element) => {
    button.ariaExpanded = !(element.hidden = !element.hidden);
    viewer.measure();
  };
  const badge = h("div.fl-badge.fl-waiting", { role: "status" });
  stage.append(badge);
  const help = h("div.fl-keys", { hidden: true }, image.keys.map(([keys, words]) => h("div", h("b", keys), ` ${words}`)));
  const boxButton = iconButton("box", "Draw a box", () => viewer.setBoxMode(!viewer.boxMode), { ariaPressed: false });
  const panelButton = iconButton("sliders", "Channels and labels", () => toggle(panelButton, panel.element), { ariaExpanded: true });
  const helpButton = iconButton("help", "Keys", viewer.help, { ariaExpanded: false });
  const tools = h("div.fl-row.fl-tools", { role: "toolbar", ariaLabel: "View" },
    iconButton("minus", "Zoom out", () => viewer.zoom(1 / 1.5)),
    iconButton("plus", "Zoom in", () => viewer.zoom(1.5)),
    iconButton("fit", "Fit to the screen", () => viewer.show(null)),
    boxButton,
    iconButton("code", "Copy Python code of what is selected", () => (viewer.report(), model.send({ kind: "code" }))),
    panelButton, helpButton);
  const roiLine = h("div.fl-row.fl-roi", reading.box,
    small("Zoom to box", () => viewer.show(state.roi)), small("Remove", () => viewer.setRoi(null)));
  const code = h("textarea.fl-field.fl-copied", { readOnly: true, ariaLabel: "Python code of what is selected" });
  const codeLine = h("div.fl-code-line", { hidden: true }, code, small("Close", () => (codeLine.hidden = true)));
  const showCode = (text) => {
    Object.assign(code, { value: text, rows: text.split("\n").length });
    codeLine.hidden = false;
    const copied = navigator.clipboard?.writeText(text) ?? Promise.reject();
    copied.then(() => viewer.say("Code copied"), () => (code.focus(), code.select()));
  };
  // Once the reader has seen why, what could not be read is asked for again.
  const error = errorLine(model, () => (store.forgetFailures(), viewer.schedule()));
  const said = h("div.fl-unseen", { ariaLive: "polite" });
  const clipped = (what, text) => text && h(`${what}.fl-clip`, { title: text }, text);
  viewer.element = frame("Image viewer",
    h("div.fl-row.fl-head",
      h("div.fl-grow.fl-titles", clipped("div.fl-caption", image.title || "Image"), clipped("div.fl-soft", image.credit)),
      tools),
    help,
    h("div.fl-body",
      h("div", stage, sliders.element, h("div.fl-row.fl-status", reading.line, reading.zoom), roiLine),
      panel.element),
    codeLine, error.element, said);
  viewer.element.onpointerleave = viewer.report;
  viewer.element.addEventListener("focusout", ({ relatedTarget }) => viewer.element.contains(relatedTarget) || viewer.report());
  listen(viewer);
  viewer.update();

  createImageBitmap(new Blob([model.get("thumbnail")], { type: "image/jpeg" })).then((picture) => {
    if (screen.looks === 0) screen.thumbnail = picture;
    viewer.schedule();
  });
  return viewer;
}

export default {
  render({ model, el }) {
    const viewer = view(model);
    // When the view goes, anywidget itself ends this listening.
    model.on("msg:custom", viewer.hear);
    for (const name of SHARED) model.on(`change:${name}`, () => viewer.follow(name));
    const sized = new ResizeObserver(viewer.resize);
    sized.observe(viewer.stage);
    el.append(viewer.element);
    viewer.element.fairlab = viewer; // for tests, and for whoever looks for a fault
    viewer.measure();
    return () => {
      viewer.sliders.stop();
      viewer.kept.moves();
      sized.disconnect();
    };
  },
};

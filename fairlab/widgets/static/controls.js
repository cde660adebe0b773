// The controls: channels with their histograms, labels, and sliders for every dimension.

import { dragging, h, icon, iconButton, small } from "./dom.js";
import { autoWindow, histogram, sample, short } from "./numbers.js";

const BINS = 128;
const STEPS = 1000; // of a handle, along the histogram
const FRAME_MS = 120;
const AHEAD_MS = 2000; // so long after a slider moved, the next plane is read ahead

/** Inputs bound to a part of the state: update() shows what is true now, change(part) takes what is set. */
function bound(part, change) {
  const shows = [];
  /** For an entry of the part, or with ways of its own to read and write; `words` say where a slider stands. */
  const input = (type, ariaLabel, key, properties = {}) => {
    const { read = () => part()[key], write = (value) => change({ [key]: value }), words, ...more } = properties;
    const value = { checkbox: "checked", color: "value" }[type] ?? "valueAsNumber";
    const take = () => Number.isNaN(element[value]) || write(element[value]);
    const element = h("input", { type, ariaLabel, [type === "number" ? "onchange" : "oninput"]: take, ...more });
    shows.push(() => {
      if (type !== "number" || document.activeElement !== element) element[value] = read(); // typing is not disturbed
      element.ariaValueText = words?.() ?? null;
    });
    return element;
  };
  return { input, shows, update: () => shows.forEach((show) => show()) };
}

function channelControl(number, panel, { image, state, screen }) {
  const { name } = image.channels[number];
  const looks = () => state.channels[number];
  const change = (part) => panel.change(number, part);
  const { input, shows, update } = bound(looks, change);
  const isWhole = !image.type.startsWith("float");
  let [numbers, range] = [[], []]; // what the screen shows, sorted; both ends of the histogram
  const share = (value) => (value - range[0]) / (range[1] - range[0]);
  const ends = () => looks().window ?? range;
  const setEnds = (window) => change({ window: isWhole ? window.map(Math.round) : window });

  const end = (words, i) => {
    const write = (value) => setEnds(ends().with(i, value));
    const text = () => (isWhole && Number.isInteger(ends()[i]) ? String(ends()[i]) : short(ends()[i], 5));
    const handle = { max: STEPS, read: () => STEPS * share(ends()[i]), words: text,
      write: (step) => write(range[0] + (step / STEPS) * (range[1] - range[0])) };
    const typed = { className: "fl-field", step: isWhole ? 1 : "any", read: text, write };
    return [input("range", `${words} of ${name}`, "", handle), input("number", `${words} of ${name}, as a number`, "", typed)];
  };
  const [[low, lowTyped], [high, highTyped]] = ["Black point", "White point"].map(end);
  const onpointerdown = (event) => {
    const [start, perPixel] = [ends(), (range[1] - range[0]) / plot.clientWidth];
    dragging(plot, event, ({ clientX }) => setEnds(start.map((end) => end + (clientX - event.clientX) * perPixel)));
  };
  const plot = h("canvas", { width: 2 * BINS, height: 40, ariaHidden: true, title: "Drag to move both ends", onpointerdown });
  const gammaText = h("span.fl-soft");
  const gammaWords = () => short(looks().gamma, 2);
  const gamma = input("range", `Gamma of ${name}`, "", { min: -1, max: 1, step: 0.01, words: gammaWords,
    read: () => Math.log10(looks().gamma), write: (power) => change({ gamma: Number((10 ** power).toFixed(2)) }),
    ondblclick: () => change({ gamma: 1 }) });
  const auto = small("Auto", () => panel.auto([number]), { ariaLabel: `Automatic window of ${name}`, title: "Fit the window to the screen" });
  const solo = small("Solo", () => panel.solo(number), { ariaLabel: `Show ${name} alone`, hidden: state.channels.length < 2 });
  const details = h("div", h("div.fl-window", plot, low, high),
    h("div.fl-row.fl-numbers", lowTyped, h("label.fl-row", { title: "Gamma; double-click for 1" }, gammaText, gamma), highTyped));
  const element = h("div.fl-channel", { role: "group", ariaLabel: `Channel ${name}` },
    h("div.fl-row",
      input("checkbox", `Show ${name}`, "active"),
      input("color", `Colour of ${name}`, "color", { title: "Colour", write: (color) => change({ color: color.toUpperCase() }) }),
      h("span.fl-grow.fl-clip", { title: name }, name), auto, solo),
    details);

  const draw = () => {
    const context = plot.getContext("2d");
    const { width, height } = plot;
    const [from, to] = ends().map((end) => share(end) * width).sort((a, b) => a - b);
    context.clearRect(0, 0, width, height);
    context.fillStyle = "#fff2";
    context.fillRect(from, 0, to - from, height);
    histogram(numbers, range, BINS).forEach((bar, i) => {
      const x = (i * width) / BINS;
      context.fillStyle = x >= from && x <= to ? looks().color : "#6d727a";
      context.fillRect(x, height, width / BINS, -bar * (height - 2));
    });
  };
  shows.unshift(() => {
    // The range only grows: a handle must not jump while the picture moves.
    const known = [...range, ...numbers.slice(0, 1), ...numbers.slice(-1), ...(looks().window ?? [])];
    range = known.length ? [Math.min(...known), Math.max(...known)] : [0, 1];
    if (range[0] === range[1]) range[1] += 1;
    details.hidden = !looks().active;
    solo.ariaPressed = panel.soloed === number;
    gammaText.textContent = `γ ${gammaWords()}`;
    if (looks().active) draw();
  });
  const measure = () => {
    const arrays = looks().active ? screen.arrays(number) : [];
    if (arrays.length) numbers = sample(arrays, 40000);
  };
  return { element, update, measure };
}

function labelControl({ image, state, screen, share }) {
  const change = (part) => {
    state.overlay = { ...state.overlay, ...part };
    screen.thumbnail = null;
    share("overlay");
    update();
  };
  const { input, shows, update } = bound(() => state.overlay, change);
  const names = Object.keys(image.labels);
  const choice = h("select.fl-field.fl-grow", { ariaLabel: "Labels", onchange: () => change({ labels: names[choice.value] ?? null }) },
    h("option", { value: -1 }, "none"), names.map((name, i) => h("option", { value: i }, name)));
  const opacity = { max: 1, step: 0.05, className: "fl-grow", write: (opacity) => change({ opacity, outline: false }) };
  const details = h("div.fl-row", h("label.fl-row", input("checkbox", "outlines", "outline"), "outlines"),
    input("range", "Opacity of labels", "opacity", opacity));
  const element = h("div.fl-channel", { role: "group", ariaLabel: "Labels", hidden: !names.length || image.is_labels },
    h("div.fl-row", h("b", "Labels"), choice), details);
  shows.push(() => {
    choice.value = names.indexOf(state.overlay.labels);
    details.hidden = state.overlay.labels === null;
  });
  return { element, update };
}

export function panelOf(viewer) {
  const { image, state, screen, share } = viewer;
  let before; // which channels were on before one was shown alone
  const set = (look) => {
    state.channels = state.channels.map(look);
    screen.repaint();
    share("channels");
    panel.update();
  };
  const panel = {
    soloed: null,
    change(number, looks) {
      if ("active" in looks) panel.soloed = null;
      set((channel, i) => (i === number ? { ...channel, ...looks } : channel));
    },
    toggle(number) {
      const channel = state.channels[number];
      if (channel) panel.change(number, { active: !channel.active });
    },
    /** Show one channel alone, or again those that were on before. */
    solo(number) {
      if (panel.soloed === null) before = state.channels.map(({ active }) => active);
      panel.soloed = panel.soloed === number ? null : number;
      set((channel, i) => ({ ...channel, active: panel.soloed === null ? before[i] : i === number }));
    },
    auto(numbers) {
      set((channel, i) => {
        const arrays = numbers.includes(i) ? screen.arrays(i) : [];
        return arrays.length ? { ...channel, window: autoWindow(arrays) } : channel;
      });
    },
    /** A channel that was off at first has no window until its numbers are there. */
    openWindows() {
      const open = screen.active.filter((i) => !state.channels[i].window && screen.arrays(i).length);
      if (open.length) panel.auto(open);
    },
    measure() {
      if (!panel.element.offsetParent) return;
      for (const { measure } of channels) measure();
      panel.update();
    },
    update: () => [...channels, labels].forEach((control) => control.update()),
  };
  const channels = state.channels.map((_, number) => channelControl(number, panel, viewer));
  const labels = labelControl(viewer);
  const reset = () => {
    panel.soloed = null;
    set((_, i) => ({ ...image.channels[i] }));
  };
  panel.element = h("div.fl-side", { role: "group", ariaLabel: "Channels and labels" },
    h("div.fl-row", { hidden: !channels.length },
      h("b.fl-grow", image.is_rgb ? "Colours" : "Channels"),
      small("Auto all", () => panel.auto(screen.active), { title: "Fit all windows to the screen" }),
      small("Reset", reset, { title: "All as at first" })),
    channels.map(({ element }) => element), labels.element);
  return panel;
}

export function slidersOf({ image, state, store, share }) {
  const { input, shows, update } = bound(() => state.planes);
  const moving = image.dimensions.filter(({ size }) => size > 1);
  let last = moving.at(-1); // the one that was moved last
  let [way, movedAt, playing, timer] = [1, -Infinity];
  const move = (dimension, place) => {
    last = dimension;
    const next = (place + last.size) % last.size;
    way = next >= state.planes[last.name] ? 1 : -1;
    movedAt = performance.now();
    state.planes = { ...state.planes, [last.name]: next };
    share("planes");
    update();
  };
  const step = (by, dimension = last) => dimension && move(dimension, state.planes[dimension.name] + by);
  /** Play along a dimension, or stop where that one plays. */
  const play = (dimension = last) => {
    clearInterval(timer);
    playing = playing === dimension ? null : dimension;
    // Playing waits until the plane on the screen is the one asked for.
    if (playing) timer = setInterval(() => store.shown.length || step(1, dimension), FRAME_MS);
    update();
  };
  const slider = (dimension) => {
    const { name, size, texts } = dimension;
    const words = () => `${texts ? `${texts[state.planes[name]]} ` : ""}(${state.planes[name] + 1} of ${size})`;
    const [button, text] = [iconButton("play", "", () => play(dimension)), h("output.fl-place.fl-soft")];
    shows.push(() => {
      text.textContent = words();
      button.ariaLabel = button.title = `${playing === dimension ? "Pause" : "Play"} ${name}`;
      button.replaceChildren(icon(playing === dimension ? "pause" : "play"));
    });
    const write = (place) => move(dimension, place);
    const range = input("range", name, name, { max: size - 1, className: "fl-grow", write, words: () => `${name} = ${words()}` });
    return h("div.fl-row", button, h("b", name), range, text);
  };
  /** Planes one step on along the slider that is moved; null at the end. */
  const neighbour = () => {
    if (performance.now() - movedAt > AHEAD_MS) return null;
    const next = state.planes[last.name] + way;
    if (next < 0 || next >= last.size) return null;
    return image.dimensions.map(({ name }) => (name === last.name ? next : state.planes[name]));
  };
  const element = h("div.fl-sliders", { hidden: !moving.length }, moving.map(slider));
  return { element, update, step, play, neighbour, stop: () => playing && play(playing) };
}

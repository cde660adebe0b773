// The controls: channels with their histograms, labels, and sliders for every dimension.

import { h, icon, iconButton } from "./dom.js";
import { autoWindow, histogram, sample, short } from "./numbers.js";

const BINS = 128;
const FRAME_MS = 120;
const AHEAD_MS = 2000; // so long after a slider moved, the plane after next is read ahead

/** One channel: switch, colour, name, solo, histogram with both ends of the window, numbers, gamma. */
class ChannelControl {
  constructor(number, panel) {
    [this.number, this.panel] = [number, panel];
    const { name } = this.looks;
    const isWhole = !panel.image.type.startsWith("float");
    this.isWhole = isWhole;
    const change = (looks) => panel.change(number, looks);
    this.active = h("input", { type: "checkbox", "aria-label": `Show ${name}`, onchange: () => change({ active: this.active.checked }) });
    this.color = h("input.fl-color", { type: "color", "aria-label": `Colour of ${name}`, title: "Colour", oninput: () => change({ color: this.color.value.toUpperCase() }) });
    this.solo = h("button.fl-button.fl-slim", { type: "button", "aria-label": `Show ${name} alone`, title: "Show this channel alone", onclick: () => panel.solo(number) }, "Solo");
    this.auto = h("button.fl-button.fl-slim", { type: "button", "aria-label": `Automatic window of ${name}`, title: "Fit the window to what the screen shows", onclick: () => panel.auto([number]) }, "Auto");
    this.plot = h("canvas.fl-histogram", { width: 256, height: 40, "aria-hidden": "true", title: "Drag to move both ends", onpointerdown: (event) => this.drag(event) });
    const end = (i, words) =>
      h("input.fl-end", { type: "range", min: 0, max: 1000, step: 1, "aria-label": `${words} of ${name}`, oninput: (event) => this.setEnd(i, this.valueAt(event.target.value)) });
    this.ends = [end(0, "Black point"), end(1, "White point")];
    const typed = (i, words) =>
      h("input", { type: "number", step: isWhole ? 1 : "any", className: "fl-field fl-number", "aria-label": `${words} of ${name}, as a number`, onchange: (event) => event.target.value !== "" && this.setEnd(i, Number(event.target.value)) });
    this.typed = [typed(0, "Black point"), typed(1, "White point")];
    this.gamma = h("input.fl-range.fl-gamma", { type: "range", min: -1, max: 1, step: 0.01, "aria-label": `Gamma of ${name}`, oninput: () => change({ gamma: Number((10 ** this.gamma.value).toFixed(2)) }), ondblclick: () => change({ gamma: 1 }) });
    this.gammaText = h("span.fl-soft.fl-gamma-text", {});
    this.details = h("div.fl-channel-details", {},
      h("div.fl-window", {}, this.plot, this.ends),
      h("div.fl-row.fl-numbers", {}, this.typed[0], h("label.fl-row.fl-gamma-row", { title: "Gamma; double-click for 1" }, this.gammaText, this.gamma), this.typed[1]));
    this.element = h("div.fl-channel", { role: "group", "aria-label": `Channel ${name}` },
      h("div.fl-row", {}, this.active, this.color,
        h("span.fl-grow.fl-clip", { title: name }, name), this.auto, panel.state.channels.length > 1 ? this.solo : null),
      this.details);
  }

  get looks() {
    return this.panel.state.channels[this.number];
  }

  setEnd(i, value) {
    const window = [...(this.looks.window ?? this.range)];
    window[i] = this.isWhole ? Math.round(value) : value;
    this.panel.change(this.number, { window });
  }

  valueAt(step) {
    return this.range[0] + (step / 1000) * (this.range[1] - this.range[0]);
  }

  /** Both ends at once, by dragging what lies between them. */
  drag(event) {
    const window = this.looks.window;
    if (!window) return;
    const perPixel = (this.range[1] - this.range[0]) / this.plot.clientWidth;
    const move = ({ clientX }) => {
      const by = (clientX - event.clientX) * perPixel;
      this.panel.change(this.number, { window: window.map((end) => (this.isWhole ? Math.round(end + by) : end + by)) });
    };
    const { plot } = this;
    plot.setPointerCapture(event.pointerId);
    plot.addEventListener("pointermove", move);
    plot.addEventListener("pointerup", () => plot.removeEventListener("pointermove", move), { once: true });
  }

  /** Read the numbers on the screen anew. */
  measure() {
    const arrays = this.panel.screen.arrays(this.number);
    if (!arrays.length) return;
    this.numbers = sample(arrays, 40000);
    const window = this.looks.window ?? [0, 1];
    const ends = this.numbers.length ? [this.numbers[0], this.numbers[this.numbers.length - 1]] : window;
    const known = this.range ?? ends;
    // The range only grows: a handle must not jump while the picture moves.
    this.range = [Math.min(known[0], ends[0], ...window), Math.max(known[1], ends[1], ...window)];
    if (this.range[0] === this.range[1]) this.range[1] += 1;
  }

  update() {
    const { active, color, window, gamma } = this.looks;
    this.active.checked = active;
    this.color.value = color.toLowerCase();
    this.details.hidden = !active;
    this.solo.setAttribute("aria-pressed", String(this.panel.soloed === this.number));
    this.gamma.value = Math.log10(gamma);
    this.gammaText.textContent = `γ ${short(gamma, 2)}`;
    this.gamma.setAttribute("aria-valuetext", short(gamma, 2));
    if (!active || !window) return;
    this.range ??= [Math.min(...window), Math.max(...window)];
    this.range = [Math.min(this.range[0], ...window), Math.max(this.range[1], ...window)];
    const share = (value) => (value - this.range[0]) / (this.range[1] - this.range[0] || 1);
    window.forEach((value, i) => {
      const text = this.isWhole ? String(Math.round(value)) : short(value, 5);
      this.ends[i].value = 1000 * share(value);
      this.ends[i].setAttribute("aria-valuetext", text);
      if (document.activeElement !== this.typed[i]) this.typed[i].value = text;
    });
    this.draw(share(window[0]), share(window[1]), color);
  }

  draw(start, end, color) {
    const { plot } = this;
    const context = plot.getContext("2d");
    const { width, height } = plot;
    context.clearRect(0, 0, width, height);
    const [from, to] = [Math.min(start, end) * width, Math.max(start, end) * width];
    context.fillStyle = "rgba(255, 255, 255, 0.14)";
    context.fillRect(from, 0, to - from, height);
    const bars = this.numbers ? histogram(this.numbers, this.range, BINS) : [];
    context.fillStyle = "#6d727a";
    bars.forEach((bar, i) => context.fillRect((i * width) / BINS, height - bar * (height - 2), width / BINS, bar * (height - 2)));
    context.fillStyle = color;
    context.globalAlpha = 0.9;
    bars.forEach((bar, i) => {
      const x = (i * width) / BINS;
      if (x >= from && x <= to) context.fillRect(x, height - bar * (height - 2), width / BINS, bar * (height - 2));
    });
    context.globalAlpha = 1;
  }
}

/** All that stands beside the picture. share(name) tells that a part of the state changed. */
export class Panel {
  constructor(image, state, screen, share) {
    [this.image, this.state, this.screen, this.share] = [image, state, screen, share];
    this.channels = state.channels.map((_, number) => new ChannelControl(number, this));
    this.element = h("div.fl-side", { id: `fl-panel-${Math.random().toString(36).slice(2)}`, role: "group", "aria-label": "Channels and labels" });
    if (this.channels.length) {
      const auto = h("button.fl-button.fl-slim", { type: "button", title: "Fit all windows to what the screen shows", onclick: () => this.auto(screen.active) }, "Auto all");
      const reset = h("button.fl-button.fl-slim", { type: "button", title: "Colours, windows and switches as at first", onclick: () => this.reset() }, "Reset");
      this.element.append(h("div.fl-row.fl-panel-head", {}, h("span.fl-grow.fl-subtitle", {}, image.is_rgb ? "Colours" : "Channels"), auto, reset));
      this.element.append(...this.channels.map((channel) => channel.element));
    }
    const names = Object.keys(image.labels);
    if (names.length) this.element.append(this.labelControls(names));
  }

  change(number, looks) {
    this.state.channels = this.state.channels.map((channel, i) => (i === number ? { ...channel, ...looks } : channel));
    if ("active" in looks) this.soloed = null;
    this.changed();
  }

  changed() {
    this.screen.repaint();
    this.share("channels");
    this.update();
  }

  toggle(number) {
    const channel = this.state.channels[number];
    if (channel) this.change(number, { active: !channel.active });
  }

  solo(number) {
    const isOn = this.soloed === number;
    if (this.soloed === null || this.soloed === undefined) this.before = this.state.channels.map(({ active }) => active);
    this.state.channels = this.state.channels.map((channel, i) => ({ ...channel, active: isOn ? this.before[i] : i === number }));
    this.soloed = isOn ? null : number;
    this.changed();
  }

  auto(numbers) {
    this.state.channels = this.state.channels.map((channel, i) => {
      const arrays = numbers.includes(i) ? this.screen.arrays(i) : [];
      return arrays.length ? { ...channel, window: autoWindow(arrays) } : channel;
    });
    this.changed();
  }

  /** A channel that was off at first has no window until its numbers are there. */
  openWindows() {
    const open = this.screen.active.filter((i) => !this.state.channels[i].window && this.screen.arrays(i).length);
    if (open.length) this.auto(open);
  }

  reset() {
    this.soloed = null;
    this.state.channels = this.image.channels.map((looks) => ({ ...looks }));
    this.changed();
  }

  labelControls(names) {
    const { overlay } = this.state;
    const change = (part) => {
      this.state.overlay = { ...this.state.overlay, ...part };
      this.screen.thumbnail = null;
      this.share("overlay");
      this.update();
    };
    this.labelName = h("select.fl-field.fl-grow", { "aria-label": "Labels", onchange: () => change({ labels: this.labelName.value === "" ? null : names[Number(this.labelName.value)] }) },
      h("option", { value: "" }, "none"), names.map((name, i) => h("option", { value: String(i) }, name)));
    this.labelNames = names;
    this.outline = h("input", { type: "checkbox", onchange: () => change({ outline: this.outline.checked }) });
    this.opacity = h("input.fl-range.fl-grow", { type: "range", min: 0, max: 1, step: 0.05, "aria-label": "Opacity of labels", oninput: () => change({ opacity: Number(this.opacity.value), outline: false }) });
    this.labelDetails = h("div.fl-row", {}, h("label.fl-row", {}, this.outline, "outlines"), this.opacity);
    const head = this.image.is_labels ? null : h("div.fl-row", {}, h("span.fl-subtitle", {}, "Labels"), this.labelName);
    const element = h("div.fl-channel", { role: "group", "aria-label": "Labels" }, head, this.labelDetails);
    element.hidden = this.image.is_labels && overlay.labels !== null;
    return element;
  }

  measure() {
    if (!this.element.offsetParent) return;
    for (const channel of this.channels) if (channel.looks.active) channel.measure();
    this.update();
  }

  update() {
    for (const channel of this.channels) channel.update();
    if (!this.labelName) return;
    const { labels, outline, opacity } = this.state.overlay;
    this.labelName.value = labels === null ? "" : String(this.labelNames.indexOf(labels));
    this.outline.checked = outline;
    this.opacity.value = opacity;
    this.labelDetails.hidden = labels === null;
  }
}

/** Sliders, each with its position in words and a button that plays it. */
export class Sliders {
  /** isReady() says whether the plane on the screen is the one asked for: playing waits for it. */
  constructor(image, state, share, isReady) {
    [this.state, this.share, this.isReady] = [state, share, isReady];
    this.sliders = image.dimensions.filter(({ size }) => size > 1).map((dimension) => this.slider(dimension));
    this.element = h("div.fl-sliders", {}, this.sliders.map(({ element }) => element));
    this.element.hidden = !this.sliders.length;
    this.last = this.sliders[this.sliders.length - 1];
    this.update();
  }

  slider(dimension) {
    const { name, size } = dimension;
    const input = h("input.fl-range.fl-grow", { type: "range", min: 0, max: size - 1, step: 1, "aria-label": name, oninput: () => this.move(slider, Number(input.value)) });
    const text = h("output.fl-place", {});
    const play = iconButton("play", `Play ${name}`, () => this.play(slider));
    const element = h("div.fl-row", {}, play, h("span.fl-dimension", {}, name), input, text);
    const slider = { dimension, input, text, play, element, step: 1 };
    return slider;
  }

  move(slider, place) {
    const { name, size } = slider.dimension;
    const next = ((place % size) + size) % size;
    slider.step = next >= this.state.planes[name] ? 1 : -1;
    this.movedAt = performance.now();
    this.last = slider;
    this.state.planes = { ...this.state.planes, [name]: next };
    this.share("planes");
    this.update();
  }

  /** One plane on, along the slider that was used last. */
  step(by) {
    if (this.last) this.move(this.last, this.state.planes[this.last.dimension.name] + by);
  }

  play(slider = this.last) {
    const wasPlaying = this.playing;
    this.stop();
    if (!slider || wasPlaying?.slider === slider) return;
    const timer = setInterval(() => {
      if (this.isReady()) this.move(slider, this.state.planes[slider.dimension.name] + 1);
    }, FRAME_MS);
    this.playing = { slider, timer };
    this.show(slider, "pause", "Pause");
  }

  stop() {
    if (!this.playing) return;
    clearInterval(this.playing.timer);
    this.show(this.playing.slider, "play", "Play");
    this.playing = null;
  }

  show({ play, dimension }, name, word) {
    play.replaceChildren(icon(name));
    play.title = `${word} ${dimension.name}`;
    play.setAttribute("aria-label", play.title);
  }

  /** Planes of the dimensions in order, one step further along the slider that is being moved; null at the end. */
  neighbour(dimensions) {
    if (!(performance.now() - this.movedAt < AHEAD_MS)) return null;
    const { name, size } = this.last.dimension;
    const next = this.state.planes[name] + this.last.step;
    if (next < 0 || next >= size) return null;
    return dimensions.map((d) => (d.name === name ? next : this.state.planes[d.name]));
  }

  update() {
    for (const { dimension, input, text } of this.sliders) {
      const index = this.state.planes[dimension.name];
      const value = dimension.values?.[index];
      const plain = typeof value === "number" ? short(value, 6) : value;
      const words = value === undefined ? "" : `${plain}${dimension.symbol ? ` ${dimension.symbol}` : ""} `;
      input.value = index;
      text.textContent = `${words}(${index + 1} of ${dimension.size})`;
      input.setAttribute("aria-valuetext", `${dimension.name} = ${text.textContent}`);
    }
  }
}

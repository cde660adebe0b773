// What is said of the picture: scale, position and values under the pointer, the object there, the box that was drawn.

import { h } from "./dom.js";
import { scaleBar } from "./geometry.js";
import { place, short } from "./numbers.js";

const ASK_AFTER_MS = 150;

/** Elements that say it; update() after the picture was painted, point() where the pointer went. */
export function readingOf({ model, image, state, screen, stage }) {
  const { camera } = screen;
  const [bar, text, zoom, row, line, box] = ["i", "span", "span.fl-soft.fl-zoom", "div.fl-object", "span.fl-probe.fl-grow", "span.fl-grow"].map((what) => h(what));
  const scale = h("div.fl-scale", text, bar);
  stage.append(scale, row);
  let pointer = null;

  // The kernel is asked for what is not here when the pointer has rested somewhere.
  const [answers, asked] = [new Map(), {}];
  const answer = (kind, token, question) => {
    if (!answers.has(token) && asked[kind] !== token) {
      asked[kind] = token;
      setTimeout(() => asked[kind] === token && model.send({ kind, token, ...question }), ASK_AFTER_MS);
    }
    return answers.get(token);
  };

  const position = (name, hit) => {
    const { dim, step, symbol } = image[name];
    return h("span", `${dim} ${place(hit[name], step * image.levels[hit.level ?? 0][name].factor)} ${symbol}`);
  };

  const values = ({ level, row, column, values, error }) => {
    const planes = screen.shownPlanes;
    const isPart = level !== null && !error && values.size < state.channels.length; // channels that are off are not here
    const all = isPart ? answer("values", `${level}|${planes}|${row}|${column}`, { level, planes, row, column }) : null;
    return state.channels.map(({ name, color, active }, number) => {
      const value = values.get(number) ?? all?.[number] ?? (error && active ? "not readable" : "…");
      const dot = h("i.fl-dot", { style: { background: color } });
      return h("span.fl-reading", { title: name }, dot, state.channels.length > 1 ? `${name} ${value}` : value);
    });
  };

  const read = () => {
    const point = pointer ?? (screen.crosshair ? [camera.width / 2, camera.height / 2] : null);
    const hit = point && screen.probe(...point);
    const { labels } = state.overlay;
    const object = hit?.label && `${labels} ${hit.label}`;
    const facts = (object && answer("object", object, { labels, id: hit.label })) ?? [];
    stage.classList.toggle("fl-pickable", Boolean(object));
    row.hidden = !facts.length;
    row.replaceChildren(h("b", object), ...facts.map(([name, value]) => h("span", h("span.fl-soft", `${name} `), value)));
    const parts = hit && [
      position("x", hit), position("y", hit), ...values(hit),
      object && h("span.fl-reading", object),
      hit.level !== null && h("span.fl-soft", image.levels[hit.level].name),
      hit.error && h("span.fl-reason", hit.error),
    ];
    line.replaceChildren(...(parts ?? []).filter(Boolean));
  };

  return {
    scale, row, line, zoom, box, read,
    point(where) {
      pointer = where;
      read();
    },
    learn({ token, answer }) {
      answers.set(token, answer);
      read();
    },
    update(ratio) {
      const found = scaleBar(image.bars, camera.width / ratio, camera.zoom / ratio);
      scale.hidden = !found;
      bar.style.width = `${found?.pixels}px`;
      text.textContent = found?.text;
      zoom.textContent = `${image.levels[camera.level].name} · ${short((camera.zoom / ratio) * 100, 3)} %`;
      read();
    },
    /** Size of a box in pixels, as lengths, and in megabytes. */
    measure(roi) {
      const { x, y, bytes } = image;
      const lengths = [x, y].map((axis) => roi[axis.dim][1] - roi[axis.dim][0]);
      const pixels = [x, y].map((axis, i) => Math.max(1, Math.round(lengths[i] / Math.abs(axis.step))));
      const physical = x.symbol === "px" ? "" : ` · ${lengths.map((length) => short(length)).join(" × ")} ${x.symbol}`;
      const megabytes = (pixels[0] * pixels[1] * Math.max(1, screen.active.length) * bytes) / 1e6;
      return `Box ${pixels.join(" × ")} px${physical} · ${short(megabytes, 2)} MB`;
    },
  };
}

// What is said of the picture: scale, position, values and object under the pointer, the box.

import { h } from "./dom.js";
import { scaleBar } from "./geometry.js";
import { place, short } from "./numbers.js";

const ASK_AFTER_MS = 150;

export function readingOf({ model, image, state, screen, stage }) {
  const { camera } = screen;
  const [bar, text, row] = [h("i"), h("span"), h("div.fl-object")];
  const [line, zoom, box] = [h("span.fl-probe.fl-grow"), h("span.fl-soft.fl-zoom"), h("span.fl-grow")];
  const scale = h("div.fl-scale", text, bar);
  stage.append(scale, row);
  let pointer = null;

  // The kernel is asked for what is not here when the pointer rests.
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
    const isPart = level !== null && !error && values.size < state.channels.length; // without those that are off
    const all = isPart && answer("values", `${level}|${planes}|${row}|${column}`, { level, planes, row, column });
    return state.channels.map(({ name, color, active }, number) => {
      const value = values.get(number) ?? all?.[number] ?? (error && active ? "not readable" : "…");
      const words = state.channels.length > 1 ? `${name} ${value}` : value;
      return h("span.fl-reading", h("i.fl-dot", { style: { background: color } }), words);
    });
  };

  const read = () => {
    const point = pointer ?? (screen.crosshair && [camera.width / 2, camera.height / 2]);
    const hit = point && screen.probe(...point);
    const { labels } = state.overlay;
    const object = hit?.label && `${labels} ${hit.label}`;
    const facts = (object && answer("object", object, { labels, id: hit.label })) || [];
    stage.classList.toggle("fl-pickable", Boolean(object));
    row.hidden = !facts.length;
    row.replaceChildren(h("b", object), ...facts.map(([name, value]) => h("span", h("span.fl-soft", `${name} `), value)));
    const parts = hit ? [
      position("x", hit), position("y", hit), ...values(hit),
      object && h("span.fl-reading", object),
      hit.level !== null && h("span.fl-soft", image.levels[hit.level].name),
      hit.error && h("span.fl-reason", hit.error),
    ] : [];
    line.replaceChildren(...parts.filter(Boolean));
  };

  const point = (where) => {
    pointer = where;
    read();
  };
  const learn = ({ token, answer }) => {
    answers.set(token, answer);
    read();
  };
  const update = (ratio) => {
    const found = scaleBar(image.bars, camera.width / ratio, camera.zoom / ratio);
    scale.hidden = !found;
    bar.style.width = `${found?.pixels}px`;
    text.textContent = found?.text;
    zoom.textContent = `${image.levels[camera.level].name} · ${short((camera.zoom / ratio) * 100, 3)} %`;
    read();
  };
  /** Size of the box that was drawn: in pixels, as lengths, in megabytes. */
  const measure = (roi) => {
    const { x, y, bytes } = image;
    const lengths = [x, y].map(({ dim }) => roi[dim][1] - roi[dim][0]);
    const [columns, rows] = [x, y].map(({ step }, i) => Math.max(1, Math.round(lengths[i] / Math.abs(step))));
    const physical = x.symbol === "px" ? "" : ` · ${lengths.map((length) => short(length)).join(" × ")} ${x.symbol}`;
    const megabytes = (columns * rows * Math.max(1, screen.active.length) * bytes) / 1e6;
    box.textContent = `Box ${columns} × ${rows} px${physical} · ${short(megabytes, 2)} MB`;
  };
  return { line, zoom, box, point, learn, update, measure };
}

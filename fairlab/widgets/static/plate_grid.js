// A plate: wells as a grid of small pictures, and fields of the chosen one.
import { h, iconButton } from "./dom.js";
import { fill, panel, pictures } from "./panel.js";

function render({ model, el }) {
  const [title, rows, columns, wells, legend] = ["title", "rows", "columns", "wells", "legend"].map((name) => model.get(name));
  const [height, width] = model.get("shape");
  const view = panel(model, el, `Plate ${title}`);
  const { body, ask, on } = view;
  let field = model.get("field");

  // ── above the grid ──
  const select = (name, options, onchange) =>
    h("select.fl-field", { "aria-label": name, onchange, hidden: options.length < 2 }, options.map(([value, text]) => h("option", { value }, text)));
  const choice = select("Field shown", Array.from({ length: model.get("fields") }, (_, n) => [n, `field ${n}`]), () => {
    field = Number(choice.value);
    cells.forEach(showCell);
  });
  choice.value = field;
  const ways = legend ? [["both", "images, framed by value"], ["values", "values"], ["images", "images"]] : [["images", "images"]];
  const looks = select("Show in wells", ways, () => (table.dataset.looks = looks.value));
  const size = h("input.fl-range", { type: "range", min: 20, max: 140, step: 2, "aria-label": "Size of wells", oninput: () => setSize(Number(size.value)) });
  const working = h("span.fl-soft", { role: "status" });
  const bar = h("div.fl-row.fl-plate-bar", h("strong.fl-grow.fl-clip", { title }, title || "Plate"),
    working, looks, choice, h("label.fl-row.fl-soft", "size", size));

  // ── the grid; a cell is known by its number in reading order ──
  const placeOf = (cell) => [Math.floor(cell.at / columns.length), cell.at % columns.length];
  const keyOf = (cell, number = field) => [...placeOf(cell), number].join("-");
  const cells = wells.map((_, at) => Object.assign(h("td.fl-well", { role: "gridcell", tabIndex: -1 }), { at }));
  const table = h("table.fl-plate", { role: "grid", "aria-label": "Wells" },
    h("thead", h("tr", h("td"), columns.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", rows.map((name, row) =>
      h("tr", h("th", { scope: "row" }, name), cells.slice(row * columns.length, (row + 1) * columns.length)))));
  table.dataset.looks = looks.value;
  const store = pictures(view, { most: 3000, root: null, keyOf, changed: (key) => {
    const [row, column, number] = key.split("-").map(Number);
    const cell = cells[row * columns.length + column];
    if (number === field) showCell(cell);
    if (cell === chosenCell()) showChosen();
  } });
  for (const [key, buffer] of Object.entries(model.get("first"))) store.keep(key, buffer);

  const showCell = (cell) => {
    const well = wells[cell.at];
    const got = store.get(keyOf(cell));
    const there = well.fields.includes(field) && !got?.absent;
    const failed = there && got && !got.url;
    const state = there ? got?.note : well.fields.length && !got?.absent ? `field ${field} not imaged` : "not imaged";
    const value = legend && (well.value ? `${legend.name}: ${well.value}` : `${legend.name}: no value`);
    cell.title = [well.name, value, ...well.about, state].filter(Boolean).join("\n");
    cell.setAttribute("aria-label", cell.title.replaceAll("\n", ", "));
    cell.classList.toggle("fl-absent", !there);
    cell.classList.toggle("fl-failed", Boolean(failed));
    cell.classList.toggle("fl-valued", Boolean(well.color));
    cell.style.setProperty("--fl-value", well.color);
    fill(cell, there && got?.url && h("img", { src: got.url, alt: "", draggable: false }), failed && h("span.fl-cross", "!"),
      legend && h("span.fl-value", { style: { color: dark(well.color) ? "#fff" : "#111" } }, well.value));
    broken.hidden &&= !failed;
    if (there && !got) store.watch(cell);
  };

  // ── the chosen well, with all its fields ──
  const chosenCell = () => {
    const [row, column] = model.get("chosen").split("-").map(Number);
    return cells[row * columns.length + column];
  };
  const strip = h("div.fl-strip");
  const about = h("p");
  const detail = h("div.fl-detail", h("div.fl-row", about, iconButton("close", "Close the viewer below", () => ask("close"))), strip);
  const showChosen = () => {
    const cell = chosenCell();
    for (const one of cells) one.setAttribute("aria-selected", String(one === cell));
    detail.hidden = !cell;
    if (!cell) return;
    const well = wells[cell.at];
    fill(about, h("strong", well.name), [legend && well.value && `${legend.name}: ${well.value}`, ...well.about].filter(Boolean).map((text) => h("span", text)));
    const focused = strip.contains(document.activeElement) && document.activeElement.title;
    fill(strip, well.fields.map((number) => {
      const key = keyOf(cell, number);
      const got = store.get(key);
      store.want(key);
      return h("button.fl-button.fl-one-field", { title: `Field ${number} of ${well.name}`, "aria-pressed": key === model.get("chosen"),
        onclick: () => choose(cell, number) },
      got?.url ? h("img", { src: got.url, alt: "" }) : h("span.fl-pending", got?.absent ? "not imaged" : got?.note || "…"), h("span", `field ${number}`));
    }));
    if (focused) [...strip.children].find((one) => one.title === focused)?.focus();
  };
  const choose = (cell, number) => {
    store.again(keyOf(cell, number)); // what could not be read may be there by now
    ask("choose", { key: keyOf(cell, number) });
  };

  // ── what colours and hatching mean ──
  const sample = (name, text, hidden) => h("span.fl-row.fl-soft", { hidden }, h(`span.fl-swatch.${name}`), text);
  const broken = sample("fl-cross", "could not be read: why is told on the well", true);
  const ramp = legend && h("span.fl-ramp", { role: "img", "aria-label": `Colours from ${legend.low} to ${legend.high}`,
    style: { background: `linear-gradient(to right, ${legend.colors.join(", ")})` } });
  const key = h("div.fl-row.fl-legend", ...(legend ? [h("strong", legend.name), legend.low, ramp, legend.high] : []), h("span.fl-grow"),
    broken, sample("fl-absent", "not imaged", wells.every((well) => well.fields.length)));

  // ── mouse and keyboard: one well is reached by Tab, the arrows move ──
  let current = cells[0];
  const reach = (cell) => {
    current.tabIndex = -1;
    current = cell;
    current.tabIndex = 0;
    current.focus({ preventScroll: false });
  };
  const enter = (cell) => {
    const { fields } = wells[cell.at];
    if (fields.length) choose(cell, fields.includes(field) ? field : fields[0]);
  };
  table.addEventListener("click", (event) => {
    const cell = event.target.closest(".fl-well");
    if (!cell) return;
    reach(cell);
    enter(cell);
  });
  table.addEventListener("keydown", (event) => {
    const [row, column] = placeOf(current);
    const last = columns.length - 1;
    const next = { ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
      Home: [row, 0], End: [row, last] }[event.key];
    if (next) {
      if (next[0] >= 0 && next[0] < rows.length && next[1] >= 0 && next[1] <= last) reach(cells[next[0] * columns.length + next[1]]);
    } else if (event.key === "Enter" || event.key === " ") enter(current);
    else return;
    event.preventDefault();
  });

  // ── sizes: the whole plate fits at first, and grows on request ──
  let fitted = true;
  const setSize = (pixels, byHand = true) => {
    fitted = !byHand;
    table.style.setProperty("--fl-width", `${pixels}px`);
    table.style.setProperty("--fl-height", `${Math.round((pixels * height) / width)}px`);
    table.classList.toggle("fl-tiny", pixels < 34);
    size.value = pixels;
  };
  const resize = new ResizeObserver(([entry]) => {
    const room = Math.floor((entry.contentRect.width - 60) / columns.length) - 3;
    if (fitted) setSize(Math.max(14, Math.min(112, room)), false);
  });
  resize.observe(body);
  view.ends.push(() => resize.disconnect());

  on("change:chosen", showChosen);
  on("change:working", () => (working.textContent = model.get("working")));
  fill(body, bar, h("div.fl-plate-scroll", table), key, detail);
  current.tabIndex = 0;
  cells.forEach(showCell);
  showChosen();
  return view.close;
}

/** Whether white text is easier to read on a colour than black. */
function dark(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue < 140;
}

export default { render };

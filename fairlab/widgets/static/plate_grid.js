// A plate: wells as a grid of small pictures, which are asked for when they come into view; fields of the chosen well.
import { h, iconButton } from "./dom.js";
import { fill, panel, pictures, urlOf } from "./panel.js";

function render({ model, el }) {
  const { body, ask, on, close } = panel(model, el, `Plate ${model.get("title")}`);
  const rows = model.get("rows");
  const columns = model.get("columns");
  const wells = model.get("wells");
  const legend = model.get("legend");
  const [height, width] = model.get("shape");
  const store = pictures(model, 3000);
  for (const [key, buffer] of Object.entries(model.get("first"))) {
    if (!store.kept.has(key)) store.keep(key, { url: urlOf(buffer), note: "" });
  }
  let field = model.get("field");
  const wellAt = (row, column) => wells[row * columns.length + column];

  // ── above the grid ──
  const choice = h("select", { className: "fl-field", "aria-label": "Field shown" });
  for (let n = 0; n < model.get("fields"); n += 1) choice.append(h("option", { value: String(n) }, `field ${n}`));
  choice.value = String(field);
  choice.hidden = model.get("fields") < 2;
  choice.onchange = () => {
    field = Number(choice.value);
    showCells();
  };
  const looks = h("select", { className: "fl-field", "aria-label": "Show in wells", hidden: !legend },
    h("option", { value: "both" }, "images, framed by value"), h("option", { value: "values" }, "values"), h("option", { value: "images" }, "images"));
  looks.onchange = () => {
    table.dataset.looks = looks.value;
  };
  const size = h("input", { type: "range", className: "fl-range", min: "20", max: "140", step: "2", "aria-label": "Size of wells" });
  size.oninput = () => setSize(Number(size.value));
  const working = h("span", { className: "fl-soft", role: "status" });
  const bar = h("div", { className: "fl-row fl-plate-bar" }, h("strong", { className: "fl-grow fl-clip", title: model.get("title") }, model.get("title") || "Plate"),
    working, looks, choice, h("label", { className: "fl-row fl-soft" }, "size", size));

  // ── the grid ──
  const cells = new Map();
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      entry.target.dataset.inView = entry.isIntersecting ? "1" : "";
      if (entry.isIntersecting) want(keyOf(entry.target));
    }
  }, { rootMargin: "60px" });
  const keyOf = (cell) => `${cell.dataset.row}-${cell.dataset.column}-${field}`;
  const asked = new Set();
  let wanted = [];
  const want = (key) => {
    const [row, column, number] = key.split("-").map(Number);
    if (asked.has(key) || store.kept.has(key) || !wellAt(row, column).fields.includes(number)) return;
    asked.add(key);
    if (!wanted.length) requestAnimationFrame(() => ask("pictures", { keys: wanted.splice(0) }));
    wanted.push(key);
  };
  const table = h("table", { className: "fl-plate", role: "grid", "aria-label": "Wells" });
  table.dataset.looks = legend ? "both" : "images";
  table.append(h("thead", {}, h("tr", {}, h("td", {}), columns.map((name) => h("th", { scope: "col" }, name)))));
  const inside = h("tbody", {});
  rows.forEach((rowName, row) => {
    const line = h("tr", {}, h("th", { scope: "row" }, rowName));
    columns.forEach((_, column) => {
      const cell = h("td", { role: "gridcell", tabIndex: -1, className: "fl-well" });
      Object.assign(cell.dataset, { row: String(row), column: String(column) });
      cells.set(`${row}-${column}`, cell);
      seen.observe(cell);
      line.append(cell);
    });
    inside.append(line);
  });
  table.append(inside);
  const scroll = h("div", { className: "fl-plate-scroll" }, table);

  const showCell = (cell) => {
    const well = wellAt(Number(cell.dataset.row), Number(cell.dataset.column));
    const got = store.kept.get(keyOf(cell));
    const there = well.fields.includes(field) && !(got && got.absent);
    const problem = got && got.note;
    const state = !well.fields.length ? "not imaged" : !there ? `field ${field} not imaged` : problem;
    cell.classList.toggle("fl-absent", !there);
    cell.classList.toggle("fl-failed", Boolean(there && got && !got.url));
    cell.title = [well.name, legend && (well.value ? `${legend.name}: ${well.value}` : `${legend.name}: no value`), ...well.about, state].filter(Boolean).join("\n");
    cell.setAttribute("aria-label", cell.title.replaceAll("\n", ", "));
    if (well.color) cell.style.setProperty("--fl-value", well.color);
    cell.classList.toggle("fl-valued", Boolean(well.color));
    const image = there && got && got.url ? h("img", { src: got.url, alt: "", draggable: false }) : null;
    fill(cell, image, there && got && !got.url ? h("span", { className: "fl-cross" }, "!") : null,
      legend ? h("span", { className: `fl-value${well.color && dark(well.color) ? " fl-on-dark" : ""}` }, well.value) : null);
  };
  const showCells = () => {
    for (const cell of cells.values()) {
      showCell(cell);
      if (cell.dataset.inView) want(keyOf(cell));
    }
  };

  // ── the chosen well, with all its fields ──
  const strip = h("div", { className: "fl-strip" });
  const about = h("p", {});
  const detail = h("div", { className: "fl-detail", hidden: true },
    h("div", { className: "fl-row" }, about, iconButton("close", "Close the viewer below", () => ask("close"))), strip);
  const showChosen = () => {
    const chosen = model.get("chosen");
    for (const [key, cell] of cells) cell.setAttribute("aria-selected", String(chosen.startsWith(`${key}-`)));
    detail.hidden = !chosen;
    if (!chosen) return;
    const [row, column] = chosen.split("-").map(Number);
    const well = wellAt(row, column);
    fill(about, h("strong", {}, well.name), [legend && well.value ? `${legend.name}: ${well.value}` : null, ...well.about].filter(Boolean).map((text) => h("span", {}, text)));
    const focused = strip.contains(document.activeElement) && document.activeElement.dataset.key;
    fill(strip, well.fields.map((number) => {
      const key = `${row}-${column}-${number}`;
      const got = store.kept.get(key);
      want(key);
      const button = h("button", { type: "button", className: "fl-button fl-one-field", title: `Field ${number} of ${well.name}`,
        "aria-pressed": String(key === chosen), onclick: () => ask("choose", { key }) },
      got && got.url ? h("img", { src: got.url, alt: "" }) : h("span", { className: "fl-waiting" }, (got && got.note) || "…"), h("span", {}, `field ${number}`));
      button.dataset.key = key;
      return button;
    }));
    if (focused) [...strip.children].find((one) => one.dataset.key === focused)?.focus();
  };

  // ── the legend ──
  const key = h("div", { className: "fl-row fl-legend" });
  if (legend) {
    const ramp = h("span", { className: "fl-ramp", role: "img", "aria-label": `Colours from ${legend.low} to ${legend.high}` });
    ramp.style.background = `linear-gradient(to right, ${legend.colors.join(", ")})`;
    key.append(h("strong", {}, legend.name), h("span", {}, legend.low), ramp, h("span", {}, legend.high));
  }
  if (wells.some((well) => !well.fields.length)) key.append(h("span", { className: "fl-row fl-sample" }, h("span", { className: "fl-absent fl-swatch" }), "not imaged"));

  // ── mouse and keyboard: one well is reached by Tab, the arrows move ──
  let current = null;
  const reach = (cell) => {
    if (current) current.tabIndex = -1;
    current = cell;
    current.tabIndex = 0;
  };
  const choose = (cell) => {
    const well = wellAt(Number(cell.dataset.row), Number(cell.dataset.column));
    if (well.fields.length) ask("choose", { key: `${cell.dataset.row}-${cell.dataset.column}-${well.fields.includes(field) ? field : well.fields[0]}` });
  };
  table.addEventListener("click", (event) => {
    const cell = event.target.closest(".fl-well");
    if (!cell) return;
    reach(cell);
    cell.focus();
    choose(cell);
  });
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest(".fl-well");
    if (!cell) return;
    const [row, column] = [Number(cell.dataset.row), Number(cell.dataset.column)];
    const next = { ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], Home: [row, 0], End: [row, columns.length - 1] }[event.key];
    if (next) {
      const other = cells.get(next.join("-"));
      if (other) {
        reach(other);
        other.focus();
      }
    } else if (event.key === "Enter" || event.key === " ") choose(cell);
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
    size.value = String(pixels);
  };
  const resize = new ResizeObserver(([entry]) => {
    if (!fitted) return;
    const room = Math.floor((entry.contentRect.width - 60) / columns.length) - 3;
    setSize(Math.max(14, Math.min(112, room)), false);
  });
  resize.observe(body);

  on("msg:custom", (message, buffers) => {
    if (message.kind !== "picture") return;
    asked.delete(message.key);
    store.keep(message.key, { url: buffers.length ? urlOf(buffers[0]) : null, note: message.note, absent: message.absent });
    const [row, column, number] = message.key.split("-");
    const cell = cells.get(`${row}-${column}`);
    if (Number(number) === field) showCell(cell);
    if (model.get("chosen").startsWith(`${row}-${column}-`)) showChosen();
  });
  on("change:chosen", showChosen);
  on("change:working", () => (working.textContent = model.get("working")));
  fill(body, bar, scroll, key.childElementCount ? key : null, detail);
  reach(cells.get("0-0"));
  showCells();
  showChosen();
  return () => {
    seen.disconnect();
    resize.disconnect();
    close();
  };
}

/** Whether white text is easier to read on a colour than black. */
function dark(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  return 0.299 * red + 0.587 * green + 0.114 * blue < 140;
}

export default { render };

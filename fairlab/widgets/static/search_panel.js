// The search panel: what is asked above, facets beside, results with pictures.
import { h, icon } from "./dom.js";
import { fill, offer, panel, pictures } from "./panel.js";

const FEW = 6; // values of a facet that are shown at first

function render({ model, el }) {
  const view = panel(model, el, "Search for images");
  const { body, ask, on } = view;
  const button = (text, name, onclick) => h("button.fl-button.fl-small", { "aria-label": name, onclick }, text);
  const link = (href, properties, text) => h("a", { href, target: "_blank", rel: "noopener noreferrer", ...properties }, text);

  // ── what is asked ──
  const words = h("input.fl-field.fl-grow", { type: "search", placeholder: "organism, gene, method, title …", "aria-label": "Search words" });
  const live = h("input", { type: "checkbox" });
  const submit = (event) => {
    event.preventDefault();
    ask("search", { text: words.value, live: live.checked });
  };
  const form = h("form.fl-row.fl-asking", { role: "search", onsubmit: submit }, words,
    h("label.fl-row.fl-live", { title: "Ask archives over the network, not the catalogue alone" }, live, "ask archives"),
    h("button.fl-button.fl-main", { type: "submit" }, icon("search"), "Search"));
  // JupyterLab keeps Enter from submitting forms.
  words.addEventListener("keydown", (event) => event.key === "Enter" && submit(event));

  // ── the parts of the panel ──
  const found = h("p.fl-found", { role: "status" });
  const said = h("div.fl-said");
  const list = h("ul.fl-results", { "aria-label": "Results" });
  const more = h("button.fl-button", { onclick: () => ask("more") }, "Show more");
  const scroll = h("div.fl-scroll", list, more);
  const summary = h("summary", "Filters");
  const facets = h("div.fl-facets");
  const filters = h("details.fl-filters", summary, facets);
  const picked = h("p.fl-grow");
  const hint = h("span.fl-soft", { role: "status" });
  const save = button("Save list as CSV", "Save list as CSV", () => ask("save"));
  const code = h("div");
  fill(body, form, h("div.fl-columns", filters, h("div.fl-answer", found, said, scroll)),
    h("div.fl-row.fl-foot", picked, hint, save), code);
  let quiet;
  const say = (text) => {
    hint.textContent = text;
    clearTimeout(quiet);
    quiet = setTimeout(() => (hint.textContent = ""), 8000);
  };
  on("msg:custom", ({ kind, text }) => {
    if (kind === "code") offer(text, code, say);
    if (kind === "saved") say(text);
  });

  // ── rows ──
  const rows = new Map();
  const store = pictures(view, { most: 600, root: scroll, keyOf: (element) => element.dataset.key, changed: (key) => draw(rows.get(key)) });
  const draw = (shown) => {
    const got = shown && store.get(shown.element.dataset.key);
    if (!got || shown.drawn === got) return;
    shown.drawn = got;
    if (got.url) fill(shown.picture, h("img.fl-thumbnail", { src: got.url, alt: `Picture of ${shown.title}` }));
    else fill(shown.picture, h("span.fl-none", { title: got.note }, "no picture", h("span.fl-why", got.note)));
  };
  const make = (row) => {
    const { key, title } = row;
    const tick = h("input.fl-tick", { type: "checkbox", "aria-label": `Select ${title}`, onchange: () => ask("select", { key, on: tick.checked }) });
    const add = button("", `Add to list: ${title}`, () => ask("list", { key, on: add.ariaPressed !== "true" }));
    const licence = row.licence === "unknown" ? "licence unknown" : row.licence;
    const facts = [row.pixels, row.extent, row.bytes === "unknown" ? "bytes unknown" : row.bytes, row.form].filter(Boolean);
    const picture = h("div.fl-glimpse");
    const element = h("li.fl-result", row.heading ? h("h3.fl-heading", row.heading) : null,
      h("div.fl-hit", tick, picture,
        h("div.fl-text", h("p.fl-title", row.page ? link(row.page, {}, title) : title),
          h("p.fl-soft", row.about || "organism and method unknown"),
          h("p.fl-facts", facts.map((fact) => h("span", fact))),
          h("div.fl-row.fl-actions", row.opens ? button("Open in viewer", `Open in viewer: ${title}`, () => ask("view", { key })) : null,
            button("Copy code", `Copy code for ${title}`, () => ask("code", { key })), row.opens ? add : null)),
        h("div.fl-from", h("span.fl-soft", { title: row.id }, row.source),
          row.licence_url ? link(row.licence_url, { className: "fl-badge", title: "Licence" }, licence) : h("span.fl-badge", { title: "Licence" }, licence))));
    element.dataset.key = key;
    const stops = element.querySelectorAll("input, button, a");
    stops.forEach((one) => (one.tabIndex = -1));
    store.watch(element);
    return { element, title, tick, add, picture, stops, text: JSON.stringify(row) };
  };
  const showRows = () => {
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    const before = new Map(rows);
    rows.clear(); // and filled again in the new order
    for (const row of model.get("rows")) {
      const old = before.get(row.key);
      const same = old?.text === JSON.stringify(row);
      rows.set(row.key, same ? old : make(row));
      if (same) before.delete(row.key);
    }
    for (const { element } of before.values()) store.leave(element);
    const shown = [...rows.values()];
    shown.forEach(draw);
    if (shown.length !== list.children.length || shown.some(({ element }, at) => element !== list.children[at])) fill(list, shown.map(({ element }) => element));
    if (list.contains(focused)) focused.focus();
    if (!list.querySelector('[tabindex="0"]')) reach(shown[0]);
    showPicked();
  };
  // One row at a time can be reached by Tab; the arrows go from row to row.
  let reached;
  const reach = (row) => {
    reached?.stops.forEach((one) => (one.tabIndex = -1));
    row?.stops.forEach((one) => (one.tabIndex = 0));
    reached = row;
  };
  const rowOf = (target) => rows.get(target.closest("li").dataset.key);
  list.addEventListener("focusin", (event) => reach(rowOf(event.target)));
  list.addEventListener("keydown", (event) => {
    const all = [...rows.values()];
    const here = rowOf(event.target);
    const at = all.indexOf(here);
    const next = { ArrowDown: all[at + 1], ArrowUp: all[at - 1], Home: all[0], End: all.at(-1) }[event.key];
    if (next) next.tick.focus();
    else if (event.key === "Enter" && event.target === here.tick) ask("view", { key: here.element.dataset.key });
    else return;
    event.preventDefault();
  });
  const showPicked = () => {
    const { selected, listed } = model.get("picked");
    for (const [key, { element, tick, add }] of rows) {
      const [on, kept] = [selected.includes(key), listed.includes(key)];
      tick.checked = on;
      element.classList.toggle("fl-chosen", on);
      add.ariaPressed = String(kept);
      add.textContent = kept ? "On the list" : "Add to list";
    }
    const parts = [selected.length && `${selected.length} selected: browser.selected`, listed.length && `${listed.length} on the list: browser.listed`];
    picked.textContent = parts.filter(Boolean).join(" · ") || "Tick a row to have its record in Python";
    save.hidden = !listed.length;
  };

  // ── what was found, and who did not answer ──
  const showStatus = () => {
    const { found: count, who, warnings = [], notes = [], more: further } = model.get("status");
    found.textContent = [count, model.get("working")].filter(Boolean).join(" · ");
    more.hidden = !further;
    const quietly = [who, ...notes].filter(Boolean);
    fill(said, warnings.map((text) => h("p.fl-warning", icon("warning"), h("span", text))),
      // Where nothing was found, why is what the reader wants to know.
      quietly.length ? h("details.fl-notes", { open: !model.get("rows").length }, h("summary", "About this search"), quietly.map((text) => h("p", text))) : null);
  };

  // ── facets ──
  const opened = new Set();
  const showFacets = () => {
    const focused = facets.contains(document.activeElement) && document.activeElement.dataset.name;
    const choice = (name, [value, text, checked]) => {
      const box = h("input", { type: "checkbox", checked, onchange: () => ask("choose", { facet: name, value, on: box.checked }) });
      box.dataset.name = `${name} ${value}`;
      const [label, count] = name === "max_bytes" ? [text, ""] : [value, text];
      return h("li", h("label.fl-row", { title: label }, box, h("span.fl-grow.fl-clip", label), h("span.fl-soft.fl-count", count)));
    };
    fill(facets, model.get("facets").map(({ name, heading, values }) => {
      const all = opened.has(name);
      const some = values.filter(([, , chosen], at) => all || at < FEW || chosen);
      const turn = () => {
        if (!opened.delete(name)) opened.add(name);
        showFacets();
      };
      const unfold = all || some.length < values.length
        ? h("button.fl-link", { onclick: turn }, all ? "fewer" : `${values.length - some.length} more`) : null;
      if (unfold) unfold.dataset.name = name;
      return h("fieldset", h("legend", heading), h("ul", some.map((one) => choice(name, one))), unfold);
    }));
    if (focused) [...facets.querySelectorAll("[data-name]")].find((one) => one.dataset.name === focused)?.focus();
    const chosen = model.get("facets").flatMap(({ values }) => values).filter(([, , on]) => on).length;
    summary.textContent = chosen ? `Filters (${chosen})` : "Filters";
  };
  const wide = new ResizeObserver(([entry]) => {
    const roomy = String(entry.contentRect.width >= 760);
    if (filters.dataset.roomy !== roomy) filters.open = roomy === "true";
    filters.dataset.roomy = roomy;
  });
  wide.observe(body);
  view.ends.push(() => wide.disconnect());

  const showAsked = () => {
    const asked = model.get("asked");
    if (document.activeElement !== words) words.value = asked.text;
    live.checked = asked.live;
  };
  const shown = { asked: showAsked, facets: showFacets, status: showStatus, working: showStatus, rows: showRows, picked: showPicked };
  for (const [name, show] of Object.entries(shown)) on(`change:${name}`, show);
  [showAsked, showFacets, showStatus, showRows].forEach((show) => show());
  return view.close;
}

export default { render };

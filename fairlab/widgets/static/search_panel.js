// The search panel: what is asked above, facets beside, results with pictures that load when they come into view.
import { h, icon, iconButton } from "./dom.js";
import { fill, offer, panel, pictures, urlOf } from "./panel.js";

const FEW = 6;

function render({ model, el }) {
  const { body, ask, on, close } = panel(model, el, "Search for images");
  const words = h("input", { type: "search", className: "fl-field fl-grow", placeholder: "organism, gene, method, title …", "aria-label": "Search words" });
  const live = h("input", { type: "checkbox" });
  const send = h("button", { type: "submit", className: "fl-button fl-main" }, icon("search"), "Search");
  const form = h("form", { className: "fl-row fl-asking", role: "search" }, words,
    h("label", { className: "fl-row fl-live", title: "Ask archives over the network, not the catalogue alone" }, live, "ask archives"), send);
  const found = h("p", { className: "fl-grow", role: "status" });
  const list = h("ul", { className: "fl-results", "aria-label": "Results" });
  const said = h("div", { className: "fl-said" });
  const more = h("button", { type: "button", className: "fl-button", onclick: () => ask("more") }, "Show more");
  const facets = h("div", { className: "fl-facets" });
  const filters = h("details", { className: "fl-filters" }, h("summary", {}, "Filters"), facets);
  const scroll = h("div", { className: "fl-scroll" }, list, more);
  const picked = h("p", { className: "fl-grow" });
  const hint = h("span", { className: "fl-soft", role: "status" });
  const code = h("div", {});
  fill(body, form,
    h("div", { className: "fl-columns" }, filters,
      h("div", { className: "fl-main-column" }, h("div", { className: "fl-row fl-found" }, found), said, scroll)),
    h("div", { className: "fl-row fl-foot" }, picked, hint), code);

  const submit = (event) => {
    event.preventDefault();
    ask("search", { text: words.value, live: live.checked });
  };
  form.addEventListener("submit", submit);
  // JupyterLab keeps Enter from submitting forms.
  words.addEventListener("keydown", (event) => event.key === "Enter" && submit(event));

  // ── pictures, asked for when their row comes into view ──
  const store = pictures(model, 600);
  const asked = new Set();
  let wanted = [];
  const want = (key) => {
    if (asked.has(key) || store.kept.has(key)) return;
    asked.add(key);
    if (!wanted.length) requestAnimationFrame(() => ask("glimpse", { keys: wanted.splice(0) }));
    wanted.push(key);
  };
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) want(entry.target.dataset.key);
  }, { root: scroll, rootMargin: "80px" });
  const draw = (row, title) => {
    const got = store.kept.get(row.dataset.key);
    const place = row.querySelector(".fl-picture");
    if (!got) return;
    if (got.url) fill(place, h("img", { className: "fl-thumbnail", src: got.url, alt: `Picture of ${title}` }));
    else fill(place, h("span", { className: "fl-none", title: got.reason }, "no picture", h("span", { className: "fl-why" }, got.reason)));
  };
  on("msg:custom", (message, buffers) => {
    if (message.kind === "glimpse") {
      asked.delete(message.key);
      if (!store.kept.has(message.key)) {
        const url = buffers.length ? urlOf(buffers[0]) : null;
        store.keep(message.key, { url, reason: message.reason });
      }
      const shown = rows.get(message.key);
      if (shown) draw(shown.element, shown.title);
    }
    if (message.kind === "code") offer(message.text, code, say);
  });
  let quiet;
  const say = (text) => {
    hint.textContent = text;
    clearTimeout(quiet);
    quiet = setTimeout(() => (hint.textContent = ""), 4000);
  };

  // ── rows ──
  const rows = new Map();
  const make = (row) => {
    const tick = h("input", { type: "checkbox", className: "fl-tick", "aria-label": `Select ${row.title}`,
      onchange: () => ask("select", { key: row.key, on: tick.checked }) });
    const title = row.page ? h("a", { href: row.page, target: "_blank", rel: "noopener noreferrer" }, row.title) : row.title;
    const licence = row.licence_url
      ? h("a", { className: "fl-badge", href: row.licence_url, target: "_blank", rel: "noopener noreferrer", title: "Licence" }, row.licence)
      : h("span", { className: "fl-badge", title: "Licence" }, row.licence === "unknown" ? "licence unknown" : row.licence);
    const button = (text, kind, name) =>
      h("button", { type: "button", className: "fl-button fl-small", "aria-label": `${name} ${row.title}`, onclick: () => ask(kind, { key: row.key }) }, text);
    const add = h("button", { type: "button", className: "fl-button fl-small", "aria-label": `Add to list: ${row.title}`,
      onclick: () => ask("list", { key: row.key, on: add.getAttribute("aria-pressed") !== "true" }) }, "Add to list");
    const facts = [row.pixels, row.extent, row.bytes === "unknown" ? "bytes unknown" : row.bytes, row.form].filter(Boolean);
    const element = h("li", { className: "fl-result" }, row.heading ? h("h3", { className: "fl-heading" }, row.heading) : null,
      h("div", { className: "fl-hit" }, tick, h("div", { className: "fl-picture" }),
        h("div", { className: "fl-text" }, h("p", { className: "fl-title" }, title),
          h("p", { className: "fl-soft" }, row.about || "organism and method unknown"),
          h("p", { className: "fl-facts" }, ...facts.map((fact) => h("span", {}, fact))),
          h("div", { className: "fl-row fl-actions" },
            row.opens ? button("Open in viewer", "view", "Open in viewer:") : null, button("Copy code", "code", "Copy code for"), row.opens ? add : null)),
        h("div", { className: "fl-from" }, h("span", { className: "fl-source", title: row.id }, row.source), licence)));
    element.dataset.key = row.key;
    element.querySelectorAll("input, button, a").forEach((one) => (one.tabIndex = -1));
    seen.observe(element);
    return { element, title: row.title, tick, add, text: JSON.stringify(row) };
  };
  const showRows = () => {
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    const elements = [];
    const keys = new Set();
    for (const row of model.get("rows")) {
      keys.add(row.key);
      const old = rows.get(row.key);
      if (!old || old.text !== JSON.stringify(row)) {
        if (old) seen.unobserve(old.element);
        rows.set(row.key, make(row));
      }
      const { element, title } = rows.get(row.key);
      draw(element, title);
      elements.push(element);
    }
    for (const [key, { element }] of rows) {
      if (!keys.has(key)) {
        seen.unobserve(element);
        rows.delete(key);
      }
    }
    const same = elements.length === list.children.length && elements.every((one, at) => one === list.children[at]);
    if (!same) fill(list, elements);
    if (focused && list.contains(focused)) focused.focus();
    if (!list.querySelector('[tabindex="0"]') && elements.length) reach(elements[0]);
    showPicked();
  };
  // One row at a time can be reached by Tab; the arrows go from row to row.
  const reach = (element) => {
    list.querySelectorAll('[tabindex="0"]').forEach((one) => (one.tabIndex = -1));
    element.querySelectorAll("input, button, a").forEach((one) => (one.tabIndex = 0));
  };
  list.addEventListener("focusin", (event) => reach(event.target.closest("li")));
  list.addEventListener("keydown", (event) => {
    const here = event.target.closest("li");
    const all = [...list.children];
    const at = all.indexOf(here);
    const next = { ArrowDown: all[at + 1], ArrowUp: all[at - 1], Home: all[0], End: all.at(-1) }[event.key];
    if (next) next.querySelector(".fl-tick").focus();
    else if (event.key === "Enter" && event.target.classList.contains("fl-tick")) ask("view", { key: here.dataset.key });
    else return;
    event.preventDefault();
  });
  const showPicked = () => {
    const { selected, listed } = model.get("picked");
    for (const [key, { element, tick, add }] of rows) {
      tick.checked = selected.includes(key);
      element.classList.toggle("fl-chosen", tick.checked);
      add.setAttribute("aria-pressed", String(listed.includes(key)));
      add.textContent = listed.includes(key) ? "On the list" : "Add to list";
    }
    const count = (number, what) => (number ? `${number} ${what}` : null);
    const parts = [count(selected.length, "selected: browser.selected"), count(listed.length, "on the list: browser.to_csv(…)")];
    picked.textContent = parts.filter(Boolean).join(" · ") || "Tick a row to have its record in Python";
  };

  // ── what was found, and who did not answer ──
  const showStatus = () => {
    const status = model.get("status");
    found.textContent = [status.found, model.get("working")].filter(Boolean).join(" · ");
    form.classList.toggle("fl-working", Boolean(model.get("working")));
    more.hidden = !status.more;
    const notes = [status.who, ...(status.notes || [])].filter(Boolean);
    fill(said, (status.warnings || []).map((text) => h("p", { className: "fl-warning" }, icon("warning"), h("span", {}, text))),
      notes.length ? h("details", { className: "fl-notes" }, h("summary", {}, "Who was asked"), notes.map((text) => h("p", {}, text))) : null);
  };

  // ── facets ──
  const opened = new Set();
  const showFacets = () => {
    const inside = facets.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    fill(facets, model.get("facets").map(({ name, heading, values }) => {
      const all = opened.has(name);
      const some = all ? values : values.filter((one, at) => at < FEW || one[2]);
      const rest = values.length - some.length;
      const choices = some.map(([value, text, on]) => {
        const box = h("input", { type: "checkbox", checked: on, onchange: () => ask("choose", { facet: name, value, on: box.checked }) });
        box.dataset.name = `${name} ${value}`;
        const words = name === "max_bytes" ? text : value;
        const number = name === "max_bytes" ? null : h("span", { className: "fl-soft fl-count" }, text);
        return h("li", {}, h("label", { className: "fl-row", title: words }, box, h("span", { className: "fl-grow fl-clip" }, words), number));
      });
      const unfold = rest > 0 || all
        ? h("button", { type: "button", className: "fl-link", onclick: () => {
            all ? opened.delete(name) : opened.add(name);
            showFacets();
          } }, all ? "fewer" : `${rest} more`)
        : null;
      return h("fieldset", {}, h("legend", {}, heading), h("ul", {}, choices), unfold);
    }));
    if (inside) [...facets.querySelectorAll("input")].find((one) => one.dataset.name === inside)?.focus();
    const chosen = model.get("facets").flatMap(({ values }) => values).filter((one) => one[2]).length;
    filters.querySelector("summary").textContent = chosen ? `Filters (${chosen})` : "Filters";
  };
  const wide = new ResizeObserver(([entry]) => {
    const roomy = entry.contentRect.width >= 760;
    if (filters.dataset.roomy !== String(roomy)) filters.open = roomy;
    filters.dataset.roomy = String(roomy);
  });
  wide.observe(body);

  const showAsked = () => {
    const { text, live: on } = model.get("asked");
    if (document.activeElement !== words) words.value = text;
    live.checked = on;
  };
  on("change:rows", showRows);
  on("change:picked", showPicked);
  on("change:status", showStatus);
  on("change:working", showStatus);
  on("change:facets", showFacets);
  on("change:asked", showAsked);
  showAsked();
  showFacets();
  showStatus();
  showRows();
  return () => {
    seen.disconnect();
    wide.disconnect();
    close();
  };
}

export default { render };

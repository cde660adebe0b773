// Elements, without ever making HTML of text: whatever an image or a server says stays text.

/** An element: tag.class.class, then properties (on… listens, names with "-" are attributes), then children. */
export function h(what, ...rest) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  element.classList.add(...classes);
  if (tag === "button") element.type = "button"; // else it would send a form around it
  const properties = rest[0]?.constructor === Object ? rest.shift() : {};
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role") element.setAttribute(name, String(value));
    else if (name === "style") Object.assign(element.style, value);
    else element[name] = value;
  }
  element.append(...rest.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const ICON_PATHS = {
  fit: "M3 8V3h5M16 3h5v5M21 16v5h-5M8 21H3v-5",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  box: "M4 8V4h4M11 4h2M16 4h4v4M20 11v2M20 16v4h-4M13 20h-2M8 20H4v-4M4 13v-2",
  code: "M8 7l-5 5 5 5M16 7l5 5-5 5",
  sliders: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5",
  play: "M7 4.5v15l12-7.5z",
  pause: "M8 5v14M16 5v14",
  close: "M6 6l12 12M18 6L6 18",
  help: "M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5v.5",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M16 16l5 5",
  warning: "M12 4L2.5 20h19zM12 10v4M12 17v.5",
};

/** A small drawing in the colour of the text; says nothing to screen readers. */
export function icon(name) {
  const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  path.setAttribute("d", ICON_PATHS[name]);
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("fl-icon");
  svg.append(path);
  return svg;
}

export function iconButton(name, words, onclick, properties = {}) {
  return h("button.fl-button.fl-square", { title: words, ariaLabel: words, onclick, ...properties }, icon(name));
}

export function small(words, onclick, properties) {
  return h("button.fl-button.fl-slim", { onclick, ...properties }, words);
}

/** Follow the pointer from a press until it is let go. */
export function dragging(element, press, move, end = () => {}) {
  element.setPointerCapture(press.pointerId);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", () => (element.removeEventListener("pointermove", move), end()), { once: true });
}

/** The outermost element. Its keys are no shortcuts of Jupyter's, but for Ctrl + S. */
export function frame(name, ...children) {
  const own = ({ target, ctrlKey, metaKey }) => target.toggleAttribute("data-lm-suppress-shortcuts", !ctrlKey && !metaKey);
  return h("section.fairlab", { ariaLabel: name, onfocusin: own, onkeydown: own, onkeyup: own }, children);
}

/** The line under a widget that says what went wrong, until it is cleared. */
export function errorLine(model, oncleared = () => {}) {
  const text = h("span.fl-error-text");
  const clear = () => {
    element.hidden = true;
    oncleared();
  };
  const element = h("div.fl-error", { role: "alert", hidden: true }, icon("warning"), text, iconButton("close", "Dismiss", clear));
  model.on("msg:custom", (message) => {
    if (message.kind === "error") [element.hidden, text.textContent] = [false, message.text];
  });
  return { element, clear };
}

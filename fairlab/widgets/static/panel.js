// What panels share: commands, a badge while the kernel does something else, code to copy, small pictures.
import { errorLine, frame, h } from "./dom.js";

/** A panel in `el`. `ask` sends a command; `on` listens to the model until the panel goes. */
export function panel(model, el, name) {
  const errors = errorLine(model);
  const busy = h("span", { className: "fl-badge fl-busy", role: "status", hidden: true }, "kernel busy");
  const body = h("div", {});
  const root = frame(name, body, busy, errors.element);
  root.classList.add("fl-panel");
  el.append(root);
  const view = Math.random().toString(36).slice(2);
  const waiting = new Set();
  const handlers = [];
  const on = (event, handler) => {
    model.on(event, handler);
    handlers.push(() => model.off(event, handler));
  };
  let sent = 0;
  const ask = (kind, content = {}) => {
    const number = `${view}.${(sent += 1)}`;
    waiting.add(number);
    if (!content.keys) errors.clear(); // pictures are asked for by scrolling: what went wrong stays readable
    setTimeout(() => waiting.has(number) && (busy.hidden = false), 800);
    model.send({ ...content, kind, number });
  };
  on("msg:custom", (message) => {
    if (message.kind === "done") waiting.delete(message.number);
    if (!waiting.size) busy.hidden = true;
  });
  return { root, body, ask, on, errors, close: () => handlers.forEach((off) => off()) };
}

/** Children of an element, without those that are not there. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
}

/** Puts text on the clipboard; where that is not allowed, into a field in `place`, from where a hand can copy it. */
export async function offer(text, place, say) {
  try {
    await navigator.clipboard.writeText(text);
    fill(place);
    say("Copied");
  } catch {
    const field = h("textarea", { className: "fl-field fl-code", rows: text.split("\n").length, readOnly: true, "aria-label": "Code to copy" });
    field.value = text;
    fill(place, field);
    field.focus();
    field.select();
    say("Press Ctrl+C to copy");
  }
}

/** Pictures by key, kept for as long as the model lives and shared by its views; the oldest go first. */
export function pictures(model, most) {
  if (!model.fairlabPictures) {
    const kept = new Map();
    const keep = (key, found) => {
      kept.delete(key);
      kept.set(key, found);
      if (kept.size > most) {
        const [oldest, { url }] = kept.entries().next().value;
        kept.delete(oldest);
        if (url) URL.revokeObjectURL(url);
      }
    };
    model.fairlabPictures = { kept, keep };
  }
  return model.fairlabPictures;
}

/** The address inside this page of a picture that the kernel sent. */
export const urlOf = (buffer) => URL.createObjectURL(new Blob([buffer]));

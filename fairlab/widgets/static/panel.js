// What panels share: commands, a badge while the kernel does something else, code to copy, small pictures.
import { errorLine, frame, h } from "./dom.js";

/** A panel in `el`. `ask` sends a command; `on` listens to the model until the panel goes, and `ends` is done then. */
export function panel(model, el, name) {
  const errors = errorLine(model);
  const busy = h("span.fl-badge.fl-busy", { role: "status", hidden: true }, "kernel busy");
  const body = h("div");
  const root = frame(name, body, busy, errors.element);
  root.classList.add("fl-panel");
  el.append(root);
  const view = Math.random().toString(36).slice(2);
  const waiting = new Set();
  const ends = [];
  const on = (event, handler) => {
    model.on(event, handler);
    ends.push(() => model.off(event, handler));
  };
  let sent = 0;
  const ask = (kind, content = {}) => {
    const number = `${view}.${(sent += 1)}`;
    waiting.add(number);
    if (!content.keys) errors.clear(); // pictures are asked for by scrolling: what went wrong stays readable
    setTimeout(() => waiting.has(number) && (busy.hidden = false), 800);
    model.send({ ...content, kind, number });
  };
  on("msg:custom", ({ kind, number }) => {
    if (kind === "done") waiting.delete(number);
    if (!waiting.size) busy.hidden = true;
    // A panel may be taller than the screen: whoever clicked must see what came of it.
    if (kind === "error") errors.element.scrollIntoView({ block: "nearest" });
    if (kind === "opened") showBelow(root);
  });
  return { model, body, ask, on, ends, close: () => ends.forEach((end) => end()) };
}

/** Brings what stands beneath a panel into view, as soon as it is drawn. */
function showBelow(root) {
  const below = root.closest(".widget-vbox")?.lastElementChild;
  if (!below) return;
  const drawn = new ResizeObserver(() => {
    if (!below.offsetHeight) return;
    drawn.disconnect();
    below.scrollIntoView({ block: "nearest" });
  });
  drawn.observe(below);
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
    const field = h("textarea.fl-field.fl-code", { rows: text.split("\n").length, readOnly: true, "aria-label": "Code to copy", value: text });
    fill(place, field);
    field.focus();
    field.select();
    say("Press Ctrl+C to copy");
  }
}

/**
 * Small pictures by key, which are asked for when their element comes into view; `changed` hears of each that comes.
 * They are kept for as long as the model lives, and shared by its views; beyond `most` the oldest go.
 */
export function pictures({ model, ask, on, ends }, { most, root, keyOf, changed }) {
  const kept = (model.fairlabPictures ??= new Map());
  const keep = (key, buffer, about = {}) => {
    if (kept.get(key)?.url) return; // another view of the same model was faster
    kept.set(key, { ...about, url: buffer && URL.createObjectURL(new Blob([buffer])) });
    if (kept.size <= most) return;
    const [oldest, { url }] = kept.entries().next().value;
    kept.delete(oldest);
    if (url) URL.revokeObjectURL(url);
  };
  const asked = new Set();
  let wanted = [];
  const want = (key) => {
    if (asked.has(key) || kept.has(key)) return;
    asked.add(key);
    if (!wanted.length) requestAnimationFrame(() => ask("pictures", { keys: wanted.splice(0) }));
    wanted.push(key);
  };
  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) want(keyOf(target));
  }, { root, rootMargin: "80px" });
  on("msg:custom", (message, buffers) => {
    if (message.kind !== "picture") return;
    asked.delete(message.key);
    keep(message.key, buffers[0], message);
    changed(message.key);
  });
  ends.push(() => seen.disconnect());
  return {
    get: (key) => kept.get(key), keep, want,
    again: (key) => kept.get(key)?.url || (kept.delete(key), want(key)),
    watch: (element) => (seen.unobserve(element), seen.observe(element)), // tells at once whether it is in view
    leave: (element) => (seen.unobserve(element), asked.delete(keyOf(element))),
  };
}

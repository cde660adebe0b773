// Pointer, wheel and keys on the picture.

import { dragging } from "./dom.js";
import { boxOf, within } from "./geometry.js";

/** What there is to press: in words, and what each key does, by its KeyboardEvent.key. */
export function keysOf(viewer) {
  const { panel, sliders, screen, zoom, show, setRoi } = viewer;
  const { camera } = screen;
  const move = (x, y) => () => (camera.pan(60 * x * viewer.ratio, 60 * y * viewer.ratio), viewer.share("view"));
  const digits = [..."123456789"].map((digit) => [digit, () => panel.toggle(digit - 1)]);
  const [closer, further] = [() => zoom(1.5), () => zoom(1 / 1.5)];
  return [
    ["drag, arrows", "move", { ArrowLeft: move(1, 0), ArrowRight: move(-1, 0), ArrowUp: move(0, 1), ArrowDown: move(0, -1) }],
    ["wheel, + −", "zoom (click first; Ctrl + wheel always)", { "+": closer, "=": closer, "-": further, "−": further }],
    ["0", "fit", { 0: () => show(null) }],
    ["PgUp PgDn", "next, previous plane", { PageUp: () => sliders.step(1), PageDown: () => sliders.step(-1) }],
    ["space", "play", { " ": () => sliders.play() }],
    ["1 – 9", "channels on and off", Object.fromEntries(digits)],
    ["A", "automatic contrast", { a: () => panel.auto(screen.active) }],
    ["Shift + drag, B", "draw a box; take the screen as the box", { b: () => setRoi(boxBetween(viewer, [0, 0], [camera.width, camera.height])) }],
    ["Enter", "pick the object at the cross", { Enter: () => viewer.pick([camera.width / 2, camera.height / 2]) }],
    ["Esc", "remove the box", { Escape: () => setRoi(null) }],
    ["?", "these keys", { "?": () => viewer.help() }],
  ];
}

/** A box between two points of the screen, held inside the image. */
function boxBetween({ image, screen: { camera } }, ...points) {
  const inside = ([u, v]) => [within(Math.round(u), 0, camera.columns), within(Math.round(v), 0, camera.rows)];
  return boxOf(image, ...points.map((point) => inside(camera.at(...point))));
}

/** Have the picture follow pointer, wheel and keys. */
export function listen(viewer, keys) {
  const { stage, screen, reading, schedule } = viewer;
  const at = ({ clientX, clientY }) => {
    const { left, top } = screen.canvas.getBoundingClientRect();
    return [(clientX - left) * viewer.ratio, (clientY - top) * viewer.ratio];
  };
  const point = (where, crosshair = false) => {
    if (screen.crosshair !== crosshair) schedule();
    screen.crosshair = crosshair;
    reading.point(where);
  };
  const press = (event) => {
    if (event.button !== 0) return;
    const start = at(event);
    const isBox = event.shiftKey || viewer.boxMode;
    let [last, moved] = [start, false];
    stage.classList.add("fl-dragging");
    const move = (next) => {
      const now = at(next);
      moved ||= Math.hypot(now[0] - start[0], now[1] - start[1]) > 3 * viewer.ratio;
      if (isBox) screen.drawing = boxBetween(viewer, start, now);
      else screen.camera.pan(now[0] - last[0], now[1] - last[1]);
      last = now;
      schedule();
    };
    dragging(stage, event, move, () => {
      stage.classList.remove("fl-dragging");
      const box = screen.drawing;
      screen.drawing = null;
      if (!moved) viewer.pick(start);
      else if (isBox) viewer.setRoi(box);
      else viewer.share("view");
      if (isBox) viewer.setBoxMode(false);
    });
  };
  const wheel = (event) => {
    // Without a click first, the wheel goes on scrolling the page.
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== stage) return viewer.hint();
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 20 : 1;
    viewer.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.008 : 0.0016)), at(event));
  };
  const acts = Object.assign({}, ...keys.map(([, , acts]) => acts));
  const key = (event) => {
    const act = acts[event.key] ?? acts[event.key.toLowerCase()];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
    point(null, true);
    viewer.say(reading.line.textContent);
  };
  stage.onpointerdown = press;
  stage.onpointermove = (event) => point(at(event));
  stage.onpointerleave = stage.onblur = () => point(null);
  stage.ondblclick = (event) => viewer.zoom(event.shiftKey ? 0.5 : 2, at(event));
  stage.onkeydown = key;
  stage.addEventListener("wheel", wheel, { passive: false });
}

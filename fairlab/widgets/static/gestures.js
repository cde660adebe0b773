// Pointer, wheel and keys on the picture; words.py lists them for the reader.

import { dragging } from "./dom.js";
import { boxOf, within } from "./geometry.js";

export function listen(viewer) {
  const { stage, image, screen, panel, sliders, reading, schedule, share, zoom, show, setRoi, pick } = viewer;
  const { camera } = screen;
  const at = ({ clientX, clientY }) => {
    const { left, top } = screen.canvas.getBoundingClientRect();
    return [(clientX - left) * viewer.ratio, (clientY - top) * viewer.ratio];
  };
  const boxBetween = (...points) => {
    const inside = ([u, v]) => [within(Math.round(u), 0, camera.columns), within(Math.round(v), 0, camera.rows)];
    return boxOf(image, ...points.map((point) => inside(camera.at(...point))));
  };
  /** Say what is at a point, or at the cross in the middle. */
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
      if (isBox) screen.drawing = boxBetween(start, now);
      else camera.pan(now[0] - last[0], now[1] - last[1]);
      last = now;
      schedule();
    };
    dragging(stage, event, move, () => {
      stage.classList.remove("fl-dragging");
      const box = screen.drawing;
      screen.drawing = null;
      if (!moved) pick(start);
      else if (isBox) setRoi(box);
      else share("view");
      if (isBox) viewer.setBoxMode(false);
    });
  };

  const wheel = (event) => {
    // Without a click first, the wheel scrolls the page, and a hint stands where the zoom does.
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== stage) {
      reading.zoom.textContent = "Click to zoom with the wheel";
      return setTimeout(schedule, 1500);
    }
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 20 : 1;
    zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.008 : 0.0016)), at(event));
  };

  const move = (x, y) => () => {
    camera.pan(60 * x * viewer.ratio, 60 * y * viewer.ratio);
    share("view");
  };
  const [closer, further] = [() => zoom(1.5), () => zoom(1 / 1.5)];
  const acts = {
    ArrowLeft: move(1, 0), ArrowRight: move(-1, 0), ArrowUp: move(0, 1), ArrowDown: move(0, -1),
    "+": closer, "=": closer, "-": further, "−": further, 0: () => show(null),
    PageUp: () => sliders.step(1), PageDown: () => sliders.step(-1), " ": () => sliders.play(),
    a: () => panel.auto(screen.active),
    b: () => setRoi(boxBetween([0, 0], [camera.width, camera.height])), Escape: () => setRoi(null),
    Enter: () => pick([camera.width / 2, camera.height / 2]), "?": () => viewer.help(),
  };
  for (let digit = 1; digit <= 9; digit++) acts[digit] = () => panel.toggle(digit - 1);
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
  stage.onpointerleave = () => point(null);
  stage.ondblclick = (event) => zoom(event.shiftKey ? 0.5 : 2, at(event));
  stage.onkeydown = key;
  stage.addEventListener("wheel", wheel, { passive: false });
}

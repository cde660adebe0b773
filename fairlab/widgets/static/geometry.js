// Where things are. u and v count samples of full resolution from the image's corner (column, row);
// positions are in the units of the image's coordinates; screen pixels are the canvas's own.

const SCALE_BAR_SHARE = 0.25;

/** The position of a sample's edge or, at half numbers, of its centre. */
export function positionOf(axis, u) {
  return axis.first + (u - 0.5) * axis.step;
}

/** The place u of a position. */
export function placeOf(axis, position) {
  return (position - axis.first) / axis.step + 0.5;
}

/** What the screen shows: its middle (u, v) and how many screen pixels a column takes; a row takes aspect times. */
export class Camera {
  constructor(image) {
    this.image = image;
    this.width = this.height = 1;
    [this.columns, this.rows] = [image.levels[0].x.size, image.levels[0].y.size];
    [this.u, this.v, this.zoom] = [this.columns / 2, this.rows / 2, 0];
  }

  get fitted() {
    return Math.min(this.width / this.columns, this.height / (this.rows * this.image.aspect));
  }

  resize(width, height) {
    const wasFitted = !this.zoom || Math.abs(this.zoom / this.fitted - 1) < 1e-6;
    const grown = width / this.width;
    [this.width, this.height] = [width, height];
    this.zoom = wasFitted ? this.fitted : this.zoom * grown;
    this.keepInside();
  }

  fit() {
    [this.u, this.v, this.zoom] = [this.columns / 2, this.rows / 2, this.fitted];
  }

  x(u) {
    return Math.round((u - this.u) * this.zoom + this.width / 2);
  }

  y(v) {
    return Math.round((v - this.v) * this.zoom * this.image.aspect + this.height / 2);
  }

  at(x, y) {
    return [
      (x - this.width / 2) / this.zoom + this.u,
      (y - this.height / 2) / (this.zoom * this.image.aspect) + this.v,
    ];
  }

  pan(dx, dy) {
    this.u -= dx / this.zoom;
    this.v -= dy / (this.zoom * this.image.aspect);
    this.keepInside();
  }

  /** Zoom so that what lies under a point of the screen stays there. */
  zoomAt(factor, x = this.width / 2, y = this.height / 2) {
    const [u, v] = this.at(x, y);
    this.zoom = Math.min(Math.max(this.zoom * factor, Math.min(this.fitted, 1) / 2), Math.max(64, this.fitted));
    const [u2, v2] = this.at(x, y);
    this.u += u - u2;
    this.v += v - v2;
    this.keepInside();
  }

  /** The middle of the screen never leaves the image. */
  keepInside() {
    this.u = Math.min(Math.max(this.u, 0), this.columns);
    this.v = Math.min(Math.max(this.v, 0), this.rows);
  }

  /** Columns and rows on the screen. */
  get edges() {
    return [...this.at(0, 0), ...this.at(this.width, this.height)];
  }

  get box() {
    const [left, top, right, bottom] = this.edges;
    return boxOf(this.image, left, top, right, bottom);
  }

  /** Show a box, whole, in the middle. */
  set box(box) {
    if (!box) return this.fit();
    const [left, top, right, bottom] = placesOf(this.image, box);
    this.zoom = Math.min(this.width / (right - left), this.height / ((bottom - top) * this.image.aspect));
    [this.u, this.v] = [(left + right) / 2, (top + bottom) / 2];
  }

  /** Number of the coarsest level that is sharp on this screen. */
  get level() {
    let best = 0;
    this.image.levels.forEach((level, number) => {
      if (Math.max(level.x.factor, level.y.factor * this.image.aspect) * this.zoom <= 1.25) best = number;
    });
    return best;
  }

  /** Rows and columns of tiles of a level that the screen shows, the middle first. */
  tiles(level, side) {
    const [left, top, right, bottom] = this.edges;
    const along = ({ offset, factor, size }, from, to) => {
      const first = Math.max(0, Math.floor((from - offset) / factor / side));
      const last = Math.min(Math.ceil(size / side), Math.ceil((to - offset) / factor / side));
      return Array.from({ length: Math.max(0, last - first) }, (_, i) => first + i);
    };
    const found = [];
    for (const row of along(level.y, top, bottom))
      for (const column of along(level.x, left, right)) found.push([row, column]);
    const [middleRow, middleColumn] = [
      (this.v - level.y.offset) / level.y.factor / side - 0.5,
      (this.u - level.x.offset) / level.x.factor / side - 0.5,
    ];
    const far = ([row, column]) => (row - middleRow) ** 2 + (column - middleColumn) ** 2;
    return found.sort((a, b) => far(a) - far(b));
  }
}

/** Two corners as a box: dimension to its edges, the lower first. */
export function boxOf(image, left, top, right, bottom) {
  const span = (axis, a, b) => [positionOf(axis, a), positionOf(axis, b)].sort((p, q) => p - q);
  return { [image.y.dim]: span(image.y, top, bottom), [image.x.dim]: span(image.x, left, right) };
}

/** A box as left, top, right, bottom in u and v. */
export function placesOf(image, box) {
  const span = (axis) => box[axis.dim].map((edge) => placeOf(axis, edge)).sort((p, q) => p - q);
  const [[left, right], [top, bottom]] = [span(image.x), span(image.y)];
  return [left, top, right, bottom];
}

/** The largest round length that takes at most a quarter of the width; see scale_bar.py. */
export function scaleBar(image, width, zoom) {
  const micrometers = image.micrometers === null ? null : Math.abs(image.x.step) * image.micrometers;
  const pixel = (micrometers ?? 1) / zoom;
  const room = SCALE_BAR_SHARE * width * pixel;
  if (!(room > 0) || !Number.isFinite(room)) return null;
  const power = Math.floor(Math.log10(room));
  const lengths = [power + 1, power, power - 1].flatMap((p) => [5, 2, 1].map((step) => Number(`${step}e${p}`)));
  let length = lengths.find((candidate) => candidate > 0 && candidate <= room * (1 + 1e-9)) ?? room;
  if (micrometers === null) length = Math.max(1, length); // there is nothing between two pixels to measure
  const pixels = Math.round(length / pixel);
  if (pixels < 1 || pixels > width) return null;
  const [factor, unit] =
    micrometers === null ? [1, "px"] : length < 1 ? [1e3, "nm"] : length < 1e3 ? [1, "µm"] : [1e-3, "mm"];
  return { pixels, text: `${Number((length * factor).toPrecision(6))} ${unit}` };
}

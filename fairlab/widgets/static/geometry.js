// Where things are. u and v count samples of full resolution from the image's corner (column, row);
// positions are in the units of the image's coordinates; screen pixels are the canvas's own.

/** The position of a sample's edge or, at half numbers, of its centre. */
export function positionOf(axis, u) {
  return axis.first + (u - 0.5) * axis.step;
}

/** Two corners as a box: dimension to its edges, the lower first. */
export function boxOf({ x, y }, [left, top], [right, bottom]) {
  const span = (axis, ...ends) => ends.map((end) => positionOf(axis, end)).sort((p, q) => p - q);
  return { [y.dim]: span(y, top, bottom), [x.dim]: span(x, left, right) };
}

/** A box as its edges in u and in v. */
export function placesOf({ x, y }, box) {
  const span = ({ dim, first, step }) => box[dim].map((edge) => (edge - first) / step + 0.5).sort((p, q) => p - q);
  return [span(x), span(y)];
}

/** Which sample of a level lies at a place. */
export const sampleAt = ({ offset, factor }, place) => (place - offset) / factor;

export function within(value, least, most) {
  return Math.min(Math.max(value, least), most);
}

/** What the screen shows: its middle (u, v), and how many screen pixels a column takes. */
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

  /** Screen pixels that a row takes. */
  get tall() {
    return this.zoom * this.image.aspect;
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
    return Math.round((v - this.v) * this.tall + this.height / 2);
  }

  at(x, y) {
    return [(x - this.width / 2) / this.zoom + this.u, (y - this.height / 2) / this.tall + this.v];
  }

  pan(dx, dy) {
    this.u -= dx / this.zoom;
    this.v -= dy / this.tall;
    this.keepInside();
  }

  /** Zoom so that what lies under a point of the screen stays there. */
  zoomAt(factor, x = this.width / 2, y = this.height / 2) {
    const [u, v] = this.at(x, y);
    this.zoom = within(this.zoom * factor, Math.min(this.fitted, 1) / 2, Math.max(64, this.fitted));
    const [u2, v2] = this.at(x, y);
    this.u += u - u2;
    this.v += v - v2;
    this.keepInside();
  }

  /** The middle of the screen never leaves the image. */
  keepInside() {
    this.u = within(this.u, 0, this.columns);
    this.v = within(this.v, 0, this.rows);
  }

  get edges() {
    return [...this.at(0, 0), ...this.at(this.width, this.height)];
  }

  get box() {
    return boxOf(this.image, this.at(0, 0), this.at(this.width, this.height));
  }

  set box(box) {
    if (!box) return this.fit();
    const [[left, right], [top, bottom]] = placesOf(this.image, box);
    this.zoom = Math.min(this.width / (right - left), this.height / ((bottom - top) * this.image.aspect));
    [this.u, this.v] = [(left + right) / 2, (top + bottom) / 2];
  }

  get level() {
    return this.sharp(this.image.levels);
  }

  /** Number of the coarsest level that is sharp on this screen, else of the finest. */
  sharp(levels) {
    const across = ({ x, y }) => Math.max(x.factor * this.zoom, y.factor * this.tall);
    return Math.max(0, levels.findLastIndex((level) => across(level) <= 1.25));
  }

  /** Rows and columns of tiles of a level that the screen shows, the middle first. */
  tiles({ x, y, side }) {
    const [left, top, right, bottom] = this.edges;
    // Numbers of tiles along an axis, and the one in the middle of the screen.
    const along = (axis, ...ends) => {
      const [first, last] = ends.map((place) => sampleAt(axis, place) / side);
      const all = [...Array(Math.ceil(axis.size / side)).keys()];
      return [all.filter((tile) => tile + 1 > first && tile < last), (first + last - 1) / 2];
    };
    const [[columns, middle], [rows, centre]] = [along(x, left, right), along(y, top, bottom)];
    const far = ([row, column]) => (row - centre) ** 2 + (column - middle) ** 2;
    return rows.flatMap((row) => columns.map((column) => [row, column])).sort((a, b) => far(a) - far(b));
  }
}

/** The longest bar that takes at most a quarter of the width; Python gives lengths in columns, the longest first. */
export function scaleBar(bars, width, zoom) {
  const [columns, text] = bars.find(([length]) => length * zoom <= 0.25 * width * (1 + 1e-9)) ?? bars.at(-1) ?? [];
  const pixels = Math.round(columns * zoom);
  return pixels >= 1 && pixels <= width ? { pixels, text } : null;
}

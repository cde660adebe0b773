// The picture: tiles painted once for each look, laid where the camera sees them, labels over them.

import { h } from "./dom.js";
import { brightness, composite, exact, shares } from "./numbers.js";
import { Camera, placesOf, positionOf, sampleAt, within } from "./geometry.js";

export class Screen {
  constructor(image, state, store, colors) {
    Object.assign(this, { image, state, store, colors, crosshair: false, looks: 0 });
    // What came with the widget is the coarsest level: it is there for the first plane only.
    this.levels = { "": [...image.levels, image.first], ...image.labels };
    this.camera = new Camera(image);
    [this.canvas, this.overlay] = [h("canvas"), h("canvas")];
    this.context = this.canvas.getContext("2d");
    this.brights = {};
    this.shownPlanes = this.planes;
  }

  get planes() {
    return this.image.dimensions.map(({ name }) => this.state.planes[name]);
  }

  get active() {
    return [...this.state.channels.keys()].filter((number) => this.state.channels[number].active);
  }

  /** A level of the image, or of labels: where it lies, and what to read of it. */
  layer(level, source = "") {
    return { ...this.levels[source][level], source, level, channels: source ? [0] : this.active };
  }

  /** The level of the labels laid over that the screen calls for. */
  get labels() {
    const { labels } = this.state.overlay;
    return labels === null ? null : this.layer(this.camera.sharp(this.levels[labels]), labels);
  }

  /** Looks changed: tiles are painted anew when they are next seen. */
  repaint() {
    this.looks += 1;
    this.brights = {};
    this.thumbnail = null; // it shows the first look
  }

  /** What the screen shows as groups of tiles, coarse before fine, the neighbouring plane last. */
  needs(neighbour) {
    const { camera, labels, image } = this;
    const group = (layer, planes, ahead = false) => {
      const { source, level, channels } = layer;
      return { source, level, channels, planes, ahead, tiles: camera.tiles(layer) };
    };
    const [target, coarsest] = [camera.level, image.levels.length - 1].map((level) => this.layer(level));
    const isSmall = Math.max(coarsest.x.size, coarsest.y.size) <= 2 * coarsest.side;
    const layers = [isSmall && coarsest.level > target.level && coarsest, target, labels].filter(Boolean);
    const groups = layers.map((layer) => group(layer, this.planes));
    return neighbour ? [...groups, group(target, neighbour, true)] : groups;
  }

  paint() {
    const { context, camera, canvas, levels } = this;
    const target = camera.level;
    // The plane before is shown until there is anything of the new one.
    const isThere = (channel) => this.parts(channel, this.planes).some((parts) => parts.length);
    if (String(this.planes) !== String(this.shownPlanes) && (!this.active.length || this.active.some(isThere)))
      [this.shownPlanes, this.thumbnail] = [this.planes, null];
    context.fillStyle = "#101114";
    context.fillRect(0, 0, canvas.width, canvas.height);
    const { thumbnail, image: { first } } = this;
    if (thumbnail) context.drawImage(thumbnail, ...this.placed(first.x.ends, first.y.ends));
    if (!this.lay(context, this.layer(target), true))
      for (let level = levels[""].length - (thumbnail ? 2 : 1); level >= target; level--) this.lay(context, this.layer(level));
    if (this.labels) this.layLabels();
    this.marks();
  }

  /** What is there of a channel on the screen, by level from the sharp one to the coarsest. */
  parts(channel, planes) {
    const { camera, store, levels } = this;
    return levels[""].slice(camera.level).map((geometry, i) =>
      camera.tiles(geometry).flatMap((at) => store.get("", camera.level + i, planes, ...at)?.parts[channel] ?? []));
  }

  /** Left, top, width and height on the screen of spans of columns and rows. */
  placed(across, down) {
    const [[left, right], [top, bottom]] = [across.map((u) => this.camera.x(u)), down.map((v) => this.camera.y(v))];
    return [left, top, right - left, bottom - top];
  }

  /** Lay the tiles of a layer; with onlyWhole, nothing unless all are there. Whether all were. */
  lay(context, layer, onlyWhole = false) {
    if (!layer.channels.length) return true;
    const tiles = this.camera.tiles(layer).map((at) => this.tile(layer, ...at));
    const isWhole = tiles.every((tile) => tile?.isWhole);
    if (onlyWhole && !isWhole) return false;
    const isSharp = layer.x.factor * this.camera.zoom >= 1 && layer.level === this.camera.level;
    context.imageSmoothingEnabled = !isSharp && !layer.source;
    for (const { across, down, canvas, error } of tiles.filter(Boolean)) {
      if (canvas) context.drawImage(canvas, ...this.placed(across, down));
      if (error) this.hatch(...this.placed(across, down));
    }
    return isWhole;
  }

  /** One tile, painted in the looks of now, if anything of it is there. */
  tile({ source, level, channels, x, y, side }, row, column) {
    const tile = this.store.get(source, level, this.shownPlanes, row, column);
    const found = channels.map((channel) => tile?.parts[channel]);
    if (!found.some(Boolean)) return undefined;
    const look = `${source ? "" : this.looks}:${found.map((part) => (part ? (part.error ? 2 : 1) : 0))}`;
    if (tile.look === look) return tile;
    const span = ({ offset, factor, size }, first) => [first, Math.min(first + side, size)].map((at) => offset + at * factor);
    const error = found.find((part) => part?.error)?.error;
    Object.assign(tile, { look, error, isWhole: found.every(Boolean), across: span(x, column * side), down: span(y, row * side) });
    const read = found.find((part) => part?.values);
    if (!read) return Object.assign(tile, { canvas: null });
    const { width, height } = read;
    const picture = new ImageData(width, height);
    if (source) this.color(found[0], picture.data);
    else this.light(found, picture.data);
    tile.canvas ??= h("canvas", { width, height });
    tile.canvas.getContext("2d").putImageData(picture, 0, 0);
    return tile;
  }

  /** The active channels of a tile, as far as they are there. */
  light(found, bytes) {
    const layers = this.active.flatMap((number, i) => {
      const { window, gamma, color } = this.state.channels[number];
      if (!found[i]?.values || !window) return [];
      const { type, values } = found[i];
      const bright = (this.brights[`${number}:${type}`] ??= brightness(type, window, gamma));
      return { values, bright, color: shares(color) };
    });
    composite(layers, bytes);
  }

  /** Each label in the colour of its number modulo their count; nothing where the number is 0. */
  color({ values }, bytes) {
    const pixels = new Uint32Array(bytes.buffer);
    const count = typeof values[0] === "bigint" ? BigInt(this.colors.length) : this.colors.length;
    for (let i = 0; i < values.length; i++)
      if (values[i]) pixels[i] = this.colors[Number(((values[i] % count) + count) % count)];
  }

  /** Labels on a ground of their own, so that outlines are equally thin at every zoom. */
  layLabels() {
    const { outline, opacity } = this.state.overlay;
    const { width, height } = this.canvas;
    Object.assign(this.overlay, { width, height });
    const context = this.overlay.getContext("2d", { willReadFrequently: true });
    this.lay(context, this.labels);
    if (outline && !this.image.is_labels) {
      const picture = context.getImageData(0, 0, width, height);
      keepRims(new Uint32Array(picture.data.buffer), width);
      context.putImageData(picture, 0, 0);
    }
    this.context.globalAlpha = outline || this.image.is_labels ? 1 : opacity;
    this.context.drawImage(this.overlay, 0, 0);
    this.context.globalAlpha = 1;
  }

  /** What could not be read is neither black nor blank. */
  hatch(left, top, width, height) {
    const { context } = this;
    const lines = new Path2D();
    lines.rect(left, top, width, height);
    context.save();
    context.clip(lines);
    for (let x = left - height; x < left + width; x += 14) {
      lines.moveTo(x, top + height);
      lines.lineTo(x + height, top);
    }
    Object.assign(context, { strokeStyle: "#ff8a80bf", lineWidth: 1.5 }).stroke(lines);
    context.restore();
  }

  /** Boxes and the cross, in white on a dark rim, to be seen on every ground. */
  marks() {
    const { context, canvas, image } = this;
    const marks = new Path2D();
    for (const box of [this.state.roi, this.drawing].filter(Boolean)) {
      const [x, y, width, height] = this.placed(...placesOf(image, box));
      marks.rect(x + 0.5, y + 0.5, width - 1, height - 1);
    }
    const [x, y] = [canvas.width, canvas.height].map((size) => Math.floor(size / 2) + 0.5);
    if (this.crosshair) marks.addPath(new Path2D(`M${x - 12} ${y}h8m8 0h8M${x} ${y - 12}v8m0 8v8`));
    for (const [strokeStyle, lineWidth] of [["#000b", 3], ["#fff", 1.25]])
      Object.assign(context, { strokeStyle, lineWidth }).stroke(marks);
  }

  /** What lies under a point of the screen: sample, level, position and stored values; null outside. */
  probe(x, y) {
    const { image, camera, labels } = this;
    const [u, v] = camera.at(x, y);
    if (u < 0 || v < 0 || u >= camera.columns || v >= camera.rows) return null;
    const id = labels && this.sample(labels, u, v)?.values.get(0);
    const label = id === "0" ? null : id;
    const target = camera.level;
    const numbers = [...image.levels.keys()];
    // The sharp level, else a coarser, else a finer one: whichever is there.
    for (const level of [...numbers.slice(target), ...numbers.slice(0, target).reverse()]) {
      const layer = this.layer(level);
      const hit = this.sample({ ...layer, channels: this.active.length ? this.active : [0] }, u, v);
      const centre = (name, index) => positionOf(image[name], layer[name].offset + (index + 0.5) * layer[name].factor);
      if (hit) return { ...hit, level, label, x: centre("x", hit.column), y: centre("y", hit.row) };
    }
    return { x: positionOf(image.x, u), y: positionOf(image.y, v), level: null, values: new Map(), label };
  }

  /** The sample of a layer at (u, v) with its values; null where no tile is there. */
  sample({ source, level, channels, x, y, side }, u, v) {
    const [across, down] = [Math.floor(sampleAt(x, u)), Math.floor(sampleAt(y, v))];
    const [column, row] = [within(across, 0, x.size - 1), within(down, 0, y.size - 1)];
    if (source && (column !== across || row !== down)) return null; // labels may cover a part only
    const tile = this.store.get(source, level, this.shownPlanes, Math.floor(row / side), Math.floor(column / side));
    const values = new Map();
    let error;
    for (const channel of channels) {
      const part = tile?.parts[channel];
      error ??= part?.error;
      if (part?.values) values.set(channel, exact(part.values, (row % side) * part.width + (column % side)));
    }
    return values.size || error ? { row, column, values, error } : null;
  }

  /** What the screen shows of a channel, row by row of each tile. */
  arrays(channel) {
    const [left, top, right, bottom] = this.camera.edges;
    const arrays = this.parts(channel, this.shownPlanes).map((parts, i) => {
      const { x, y, side } = this.levels[""][this.camera.level + i];
      const seen = (axis, from, to, first, size) =>
        [Math.floor(sampleAt(axis, from)), Math.ceil(sampleAt(axis, to))].map((at) => within(at - first, 0, size));
      return parts.flatMap(({ values, row, column, width }) => {
        if (!values) return [];
        const [first, last] = seen(y, top, bottom, row * side, values.length / width);
        const [start, end] = seen(x, left, right, column * side, width);
        const rowOf = (_, i) => values.subarray(...[start, end].map((at) => (first + i) * width + at));
        return Array.from({ length: last - first }, rowOf);
      });
    });
    return arrays.find(({ length }) => length) ?? [];
  }
}

/** Of areas of one colour, leave two pixels along their edges; see edges in compositing.py. */
function keepRims(pixels, width) {
  const height = pixels.length / width;
  let inner = pixels.slice();
  for (let depth = 0; depth < 2; depth++) {
    const outer = inner;
    inner = outer.slice();
    for (let y = 0, i = 0; y < height; y++)
      for (let x = 0; x < width; x++, i++) {
        const own = outer[i];
        const isInside = (x === 0 || outer[i - 1] === own) && (x === width - 1 || outer[i + 1] === own) &&
          (y === 0 || outer[i - width] === own) && (y === height - 1 || outer[i + width] === own);
        if (!isInside) inner[i] = 0;
      }
  }
  for (let i = 0; i < pixels.length; i++) if (inner[i]) pixels[i] = 0;
}

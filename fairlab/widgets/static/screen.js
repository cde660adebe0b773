// The picture: tiles painted once for each look, laid where the camera sees them, labels over them.

import { brightness, composite, exact, shares } from "./numbers.js";
import { Camera, placesOf, positionOf } from "./geometry.js";
import { tileKey } from "./tiles.js";

const MOST_PAINTED = 240;
const SMALL_CODES = 65536;
const FIRST = "first"; // the level of what came with the widget

export class Screen {
  /** state: planes, channels, overlay, roi, view, as the traits of the same names. */
  constructor(image, state, store, thumbnail, palette) {
    [this.image, this.state, this.store, this.palette] = [image, state, store, palette];
    this.camera = new Camera(image);
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d");
    this.labels = document.createElement("canvas");
    this.painted = new Map();
    this.looks = 0;
    this.codes = new Map();
    this.codeColors = [];
    this.thumbnail = thumbnail;
    this.startPlanes = this.shownPlanes = this.planes;
    this.crosshair = false;
  }

  get planes() {
    return this.image.dimensions.map(({ name }) => this.state.planes[name]);
  }

  get active() {
    return this.state.channels.flatMap((channel, number) => (channel.active ? [number] : []));
  }

  /** Colours, windows or switches changed: tiles are painted anew when they are next seen. */
  repaint() {
    this.looks += 1;
    this.brights = null;
    this.thumbnail = null; // it shows the first look
  }

  levelOf(number) {
    return number === FIRST ? this.image.first : this.image.levels[number];
  }

  // --- what is needed

  /** Groups of tiles that the screen shows, coarse before fine, and the neighbouring plane last. */
  needs(neighbour) {
    const { camera, image, planes } = this;
    const target = camera.level;
    const coarsest = image.levels.length - 1;
    const group = (source, level, geometry, channels, at) => ({
      source, level, planes: at, channels, tiles: camera.tiles(geometry, image.tile),
    });
    const groups = [];
    if (this.active.length) {
      const isSmall = Math.max(image.levels[coarsest].x.size, image.levels[coarsest].y.size) <= 2 * image.tile;
      if (isSmall && coarsest > target) groups.push(group("", coarsest, image.levels[coarsest], this.active, planes));
      groups.push(group("", target, image.levels[target], this.active, planes));
    }
    const labels = this.labelLevel;
    if (labels) groups.push(group(this.state.overlay.labels, labels.number, labels.geometry, [0], planes));
    if (neighbour && this.active.length)
      groups.push({ ...group("", target, image.levels[target], this.active, neighbour), ahead: true });
    return groups;
  }

  get labelLevel() {
    const levels = this.image.labels[this.state.overlay.labels];
    if (!levels) return null;
    let number = 0;
    levels.forEach(({ x }, i) => x.factor * this.camera.zoom <= 1.25 && (number = i));
    return { number, geometry: levels[number] };
  }

  // --- painting

  paint() {
    const { context, camera, canvas } = this;
    const target = camera.level;
    if (this.covers(this.planes, target)) this.shownPlanes = this.planes;
    context.fillStyle = "#101114";
    context.fillRect(0, 0, canvas.width, canvas.height);
    const isStart = String(this.shownPlanes) === String(this.startPlanes);
    if (this.thumbnail && isStart) {
      context.imageSmoothingEnabled = true;
      const [left, right] = this.image.first.x.ends.map((u) => camera.x(u));
      const [top, bottom] = this.image.first.y.ends.map((v) => camera.y(v));
      context.drawImage(this.thumbnail, left, top, right - left, bottom - top);
    }
    const isWhole = this.lay(target, true);
    if (!isWhole) {
      if (isStart && !this.thumbnail) this.lay(FIRST);
      for (let level = this.image.levels.length - 1; level > target; level--) this.lay(level);
      this.lay(target);
    }
    if (this.state.overlay.labels) this.paintLabels();
    if (this.state.roi) this.outline(this.state.roi);
    if (this.drawing) this.outline(this.drawing);
    if (this.crosshair) this.paintCrosshair();
  }

  /** Whether there is anything to show of a plane. */
  covers(planes, target) {
    if (!this.active.length || String(planes) === String(this.startPlanes)) return true;
    const levels = [...this.image.levels.keys()].filter((level) => level >= target);
    return levels.some((level) =>
      this.camera.tiles(this.levelOf(level), this.image.tile).some(([row, column]) =>
        this.active.some((channel) => this.store.tiles.has(tileKey("", level, planes, channel, row, column))),
      ),
    );
  }

  /** Lay the tiles of a level; with onlyWhole, nothing unless all are there. Whether all were. */
  lay(level, onlyWhole = false) {
    if (!this.active.length) return true;
    const geometry = this.levelOf(level);
    const tiles = level === FIRST ? [[0, 0]] : this.camera.tiles(geometry, this.image.tile);
    const painted = tiles.map(([row, column]) => this.tile(level, row, column));
    const isWhole = painted.every((tile) => tile?.isWhole);
    if (onlyWhole && !isWhole) return false;
    const isSharp = geometry.x.factor * this.camera.zoom >= 1 && level === this.camera.level;
    this.context.imageSmoothingEnabled = !isSharp;
    tiles.forEach(([row, column], i) => painted[i] && this.layTile(geometry, row, column, painted[i]));
    return isWhole;
  }

  layTile(geometry, row, column, { canvas, width, height, error }) {
    const side = this.image.tile;
    const x = (samples) => this.camera.x(geometry.x.offset + samples * geometry.x.factor);
    const y = (samples) => this.camera.y(geometry.y.offset + samples * geometry.y.factor);
    const [left, top] = [x(column * side), y(row * side)];
    const [right, bottom] = [x(column * side + width), y(row * side + height)];
    if (canvas) this.context.drawImage(canvas, left, top, right - left, bottom - top);
    if (error) this.hatch(left, top, right - left, bottom - top);
  }

  /** One tile, painted in the looks of now; undefined where no active channel is there yet. */
  tile(level, row, column) {
    const planes = this.shownPlanes;
    const found = this.active.map((channel) => this.store.get(tileKey("", level, planes, channel, row, column)));
    const there = found.filter(Boolean);
    if (!there.length) return undefined;
    const key = tileKey("", level, planes, "", row, column);
    const look = `${this.looks}:${found.map((tile) => (tile ? (tile.error ? 2 : 1) : 0))}`;
    let painted = this.painted.get(key);
    if (painted?.look !== look) painted = this.paintTile(painted, found, look);
    this.painted.delete(key);
    this.painted.set(key, painted);
    for (const oldest of this.painted.keys()) {
      if (this.painted.size <= MOST_PAINTED) break;
      this.painted.delete(oldest);
    }
    return painted;
  }

  paintTile(old, found, look) {
    const error = found.find((tile) => tile?.error)?.error;
    const good = found.find((tile) => tile?.values);
    const isWhole = found.every(Boolean);
    if (!good) {
      const { x, y } = this.image.levels[found.find(Boolean).level];
      const { row, column } = found.find(Boolean);
      const side = this.image.tile;
      const [width, height] = [Math.min(side, x.size - column * side), Math.min(side, y.size - row * side)];
      return { look, isWhole, error, width, height };
    }
    const { width, height } = good;
    const canvas = old?.canvas ?? document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const layers = this.active.flatMap((number, i) => {
      if (!found[i]?.values) return [];
      const { window, gamma, color } = this.state.channels[number];
      if (!window) return [];
      return { values: found[i].values, bright: this.bright(number, found[i].type, window, gamma), color: shares(color) };
    });
    const picture = new ImageData(width, height);
    composite(layers, picture.data);
    canvas.getContext("2d").putImageData(picture, 0, 0);
    return { look, isWhole, error, width, height, canvas };
  }

  bright(number, type, window, gamma) {
    this.brights ??= new Map();
    const key = `${number}:${type}`;
    if (!this.brights.has(key)) this.brights.set(key, brightness(type, window, gamma));
    return this.brights.get(key);
  }

  /** What could not be read is neither black nor blank. */
  hatch(left, top, width, height) {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    context.strokeStyle = "rgba(255, 138, 128, 0.75)";
    context.lineWidth = 1.5;
    context.beginPath();
    for (let x = left - height; x < left + width; x += 14) {
      context.moveTo(x, top + height);
      context.lineTo(x + height, top);
    }
    context.rect(left, top, width, height);
    context.stroke();
    context.restore();
  }

  outline(box) {
    const { context, camera } = this;
    const [left, top, right, bottom] = placesOf(this.image, box);
    const [x, y] = [camera.x(left) + 0.5, camera.y(top) + 0.5];
    const [width, height] = [camera.x(right) - x - 0.5, camera.y(bottom) - y - 0.5];
    context.lineWidth = 3;
    context.strokeStyle = "rgba(0, 0, 0, 0.7)";
    context.strokeRect(x, y, width, height);
    context.lineWidth = 1.25;
    context.strokeStyle = "#ffffff";
    context.strokeRect(x, y, width, height);
  }

  paintCrosshair() {
    const { context, canvas } = this;
    const [x, y] = [Math.floor(canvas.width / 2) + 0.5, Math.floor(canvas.height / 2) + 0.5];
    for (const [color, width] of [["rgba(0, 0, 0, 0.7)", 3], ["#ffffff", 1]]) {
      context.strokeStyle = color;
      context.lineWidth = width;
      context.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        context.moveTo(x + 4 * dx, y + 4 * dy);
        context.lineTo(x + 12 * dx, y + 12 * dy);
      }
      context.stroke();
    }
  }

  // --- labels

  /** A small whole number for each label: itself up to 65535, above that in order of appearance. */
  codesOf(tile) {
    if (tile.codes) return tile.codes;
    if (tile.type === "u1" || tile.type === "u2") return (tile.codes = tile.values);
    const colors = this.palette.length / 3;
    return (tile.codes = Uint32Array.from(tile.values, (value) => {
      const id = typeof value === "bigint" ? value : BigInt(value);
      if (id >= 0n && id < BigInt(SMALL_CODES)) return Number(id);
      if (!this.codes.has(id)) {
        this.codes.set(id, SMALL_CODES + this.codes.size);
        const color = Number(id % BigInt(colors));
        this.codeColors.push(color < 0 ? color + colors : color);
      }
      return this.codes.get(id);
    }));
  }

  /** Labels at the screen's own pixels, nearest neighbour, so that outlines are equally thin at every zoom. */
  paintLabels() {
    const { width, height } = this.canvas;
    const codes = this.labelCodes(width, height);
    if (!codes) return;
    if (this.labels.width !== width || this.labels.height !== height) {
      [this.labels.width, this.labels.height] = [width, height];
    }
    const context = this.labels.getContext("2d");
    const picture = new ImageData(width, height);
    const pixels = new Uint32Array(picture.data.buffer);
    const isOutline = this.state.overlay.outline && !this.image.is_labels;
    const alpha = isOutline || this.image.is_labels ? 255 : Math.round(255 * this.state.overlay.opacity);
    const colors = this.colors(alpha);
    for (let y = 0, i = 0; y < height; y++)
      for (let x = 0; x < width; x++, i++) {
        const code = codes[i];
        if (!code || (isOutline && !isRim(codes, i, x, y, width, height, code))) continue;
        pixels[i] = colors[code < SMALL_CODES ? code % colors.length : this.codeColors[code - SMALL_CODES]];
      }
    context.putImageData(picture, 0, 0);
    this.context.drawImage(this.labels, 0, 0);
  }

  colors(alpha) {
    if (this.colorsAlpha !== alpha) {
      const { palette } = this;
      this.colorsAlpha = alpha;
      // Little-endian, as all machines are that have a browser.
      this.packed = Uint32Array.from({ length: palette.length / 3 }, (_, i) =>
        ((alpha << 24) | (palette[3 * i + 2] << 16) | (palette[3 * i + 1] << 8) | palette[3 * i]) >>> 0,
      );
    }
    return this.packed;
  }

  labelCodes(width, height) {
    const { number, geometry } = this.labelLevel ?? {};
    if (!geometry) return null;
    const side = this.image.tile;
    const source = this.state.overlay.labels;
    const columns = Int32Array.from({ length: width }, (_, x) => {
      const column = Math.floor((this.camera.at(x + 0.5, 0)[0] - geometry.x.offset) / geometry.x.factor + 1e-3);
      return column >= 0 && column < geometry.x.size ? column : -1;
    });
    const codes = new Uint32Array(width * height);
    const tiles = new Map();
    let found = false;
    for (let y = 0; y < height; y++) {
      const row = Math.floor((this.camera.at(0, y + 0.5)[1] - geometry.y.offset) / geometry.y.factor + 1e-3);
      if (row < 0 || row >= geometry.y.size) continue;
      const tileRow = Math.floor(row / side);
      let tileColumn = -1;
      let tile, values, start;
      for (let x = 0; x < width; x++) {
        const column = columns[x];
        if (column < 0) continue;
        if (column < tileColumn * side || column >= (tileColumn + 1) * side || tileColumn < 0) {
          tileColumn = Math.floor(column / side);
          const key = tileKey(source, number, this.shownPlanes, 0, tileRow, tileColumn);
          if (!tiles.has(key)) tiles.set(key, this.store.get(key));
          tile = tiles.get(key);
          values = tile?.values ? this.codesOf(tile) : null;
          start = tile?.values ? (row - tileRow * side) * tile.width - tileColumn * side : 0;
        }
        if (values) {
          codes[y * width + x] = values[start + column];
          found = true;
        }
      }
    }
    return found ? codes : null;
  }

  // --- looking up

  /** What lies under a point of the screen: sample, level, position and stored values; null outside. */
  probe(x, y) {
    const [u, v] = this.camera.at(x, y);
    const { image, camera } = this;
    if (u < 0 || v < 0 || u >= camera.columns || v >= camera.rows) return null;
    const numbers = [...image.levels.keys()];
    const order = [...numbers.filter((n) => n >= camera.level), ...numbers.filter((n) => n < camera.level).reverse()];
    for (const number of order) {
      const hit = this.sample("", number, image.levels[number], u, v, this.active);
      if (hit) {
        const level = image.levels[number];
        const at = (axis, place, index) => positionOf(axis, place.offset + (index + 0.5) * place.factor);
        const position = { y: at(image.y, level.y, hit.row), x: at(image.x, level.x, hit.column) };
        return { ...hit, ...position, level: number, label: this.labelAt(u, v) };
      }
    }
    return { values: new Map(), level: null, x: positionOf(image.x, u), y: positionOf(image.y, v), label: this.labelAt(u, v) };
  }

  sample(source, number, geometry, u, v, channels) {
    const side = this.image.tile;
    const column = Math.min(Math.max(Math.floor((u - geometry.x.offset) / geometry.x.factor), 0), geometry.x.size - 1);
    const row = Math.min(Math.max(Math.floor((v - geometry.y.offset) / geometry.y.factor), 0), geometry.y.size - 1);
    const values = new Map();
    let error;
    for (const channel of channels.length ? channels : [0]) {
      const at = [Math.floor(row / side), Math.floor(column / side)];
      const tile = this.store.get(tileKey(source, number, this.shownPlanes, channel, ...at));
      if (tile?.error) error = tile.error;
      if (tile?.values) values.set(channel, exact(tile.values, (row % side) * tile.width + (column % side)));
    }
    return values.size || error ? { row, column, values, error } : null;
  }

  labelAt(u, v) {
    const { number, geometry } = this.labelLevel ?? {};
    if (!geometry) return null;
    const inside = (place, at) => at >= place.offset && at < place.offset + place.size * place.factor;
    if (!inside(geometry.x, u) || !inside(geometry.y, v)) return null;
    const hit = this.sample(this.state.overlay.labels, number, geometry, u, v, [0]);
    const id = hit?.values.get(0);
    return id && id !== "0" ? id : null;
  }

  /** Raw arrays of a channel that are on the screen, for its histogram and automatic window. */
  arrays(channel) {
    const pick = (level, tiles) =>
      tiles
        .map(([row, column]) => this.store.tiles.get(tileKey("", level, this.shownPlanes, channel, row, column)))
        .flatMap((tile) => (tile?.values ? [tile.values] : []));
    for (let level = this.camera.level; level < this.image.levels.length; level++) {
      const found = pick(level, this.camera.tiles(this.image.levels[level], this.image.tile));
      if (found.length) return found;
    }
    return pick(FIRST, [[0, 0]]);
  }
}

function isRim(codes, i, x, y, width, height, code) {
  for (let far = 1; far <= 2; far++) {
    if (x >= far && codes[i - far] !== code) return true;
    if (x + far < width && codes[i + far] !== code) return true;
    if (y >= far && codes[i - far * width] !== code) return true;
    if (y + far < height && codes[i + far * width] !== code) return true;
  }
  return false;
}

// Raw tiles: asked of the kernel in one message per frame at most, kept within bounds, never waited for.

import { decoded } from "./numbers.js";

const MOST_BYTES = 96 * 1024 * 1024;
const BUSY_AFTER_MS = 1000;
const LOST_AFTER_MS = 15000;

/** Name of a tile. Planes are numbers of the dimensions to move along; source is "" or the name of labels. */
export function tileKey(source, level, planes, channel, row, column) {
  return `${source}|${level}|${planes}|${channel}|${row}|${column}`;
}

export class TileStore {
  /** onchange() is called when tiles came or what is waited for changed. */
  constructor(model, onchange) {
    [this.model, this.onchange] = [model, onchange];
    this.tiles = new Map();
    this.bytes = this.number = 0;
    this.pending = new Set();
    this.shown = new Set();
    this.unheard = null; // time at which the newest message was sent that the kernel has not taken yet
    this.listen = (message, buffers) => this.hear(message, buffers);
    model.on("msg:custom", this.listen);
  }

  close() {
    this.model.off("msg:custom", this.listen);
    clearTimeout(this.timer);
  }

  get(key) {
    const tile = this.tiles.get(key);
    if (tile) {
      this.tiles.delete(key); // the newest stand last
      this.tiles.set(key, tile);
    }
    return tile;
  }

  put(key, tile) {
    this.bytes += (tile.values?.byteLength ?? 0) - (this.tiles.get(key)?.values?.byteLength ?? 0);
    this.tiles.delete(key);
    this.tiles.set(key, tile);
    for (const [oldest, { values }] of this.tiles) {
      if (this.bytes <= MOST_BYTES) break;
      this.tiles.delete(oldest);
      this.bytes -= values?.byteLength ?? 0;
    }
  }

  /** What the kernel is doing with what was asked: "", "loading" or "busy". */
  get waiting() {
    if (this.unheard && performance.now() - this.unheard > BUSY_AFTER_MS) return "busy";
    return this.shown.size ? "loading" : "";
  }

  /** Ask for all that is missing now, the most wanted first: groups of one level and plane. */
  want(groups) {
    const missing = groups
      .map((group) => ({ ...group, tiles: group.tiles.filter(([row, column]) => this.lacks(group, row, column)) }))
      .filter((group) => group.tiles.length);
    const keysOf = ({ source, level, planes, channels, tiles }) =>
      tiles.flatMap(([r, c]) => channels.map((channel) => tileKey(source, level, planes, channel, r, c)));
    const keys = missing.flatMap(keysOf);
    this.shown = new Set(missing.filter(({ ahead }) => !ahead).flatMap(keysOf)); // the rest is only read ahead
    const isLost = this.unheard && performance.now() - this.unheard > LOST_AFTER_MS;
    if (keys.every((key) => this.pending.has(key)) && !isLost) return;
    if (this.unheard && !isLost) return void (this.again = true); // one message on its way is enough
    this.pending = new Set(keys);
    this.number += 1;
    this.unheard = performance.now();
    this.model.send({ kind: "tiles", number: this.number, groups: missing });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.onchange(), BUSY_AFTER_MS + 50);
  }

  lacks({ source, level, planes, channels }, row, column) {
    return channels.some((channel) => !this.tiles.has(tileKey(source, level, planes, channel, row, column)));
  }

  /** Forget tiles that could not be read, so that they are asked for again. */
  forgetFailures() {
    for (const [key, tile] of this.tiles) if (tile.error) this.tiles.delete(key);
  }

  hear(message, buffers) {
    if (message.kind === "heard" && message.number === this.number) {
      this.unheard = null;
      this.again = false;
      this.onchange();
    } else if (message.kind === "tiles") {
      message.tiles.forEach((form, i) => {
        const key = tileKey(form.source, form.level, form.planes, form.channel, form.row, form.column);
        this.pending.delete(key);
        this.shown.delete(key);
        this.put(key, form.error ? form : { ...form, values: decoded(form.type, buffers[i]) });
      });
      this.onchange();
    }
  }
}

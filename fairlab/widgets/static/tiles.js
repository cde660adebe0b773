// Raw tiles: asked of the kernel in one message per frame at most, kept within bounds.

import { decoded } from "./numbers.js";

const MOST_BYTES = 160 * 1024 * 1024;
const BUSY_AFTER_MS = 1000;
const LOST_AFTER_MS = 15000;

/** Name of a tile by source ("" or labels), level, planes, row, column; and of one channel of it. */
const tileKey = (...parts) => parts.join("|");

export class TileStore {
  constructor(model, onchange) {
    Object.assign(this, { model, onchange, bytes: 0, number: 0, tiles: new Map(), pending: new Set(), shown: [] });
    this.unheard = null; // time at which the newest message was sent that the kernel has not taken yet
  }

  /** A tile: parts by channel, each with values or an error. */
  get(...at) {
    const key = tileKey(...at);
    const tile = this.tiles.get(key);
    if (tile && this.tiles.delete(key)) this.tiles.set(key, tile); // the newest stand last
    return tile;
  }

  put({ source, level, planes, channel, ...form }, values) {
    const at = [source, level, planes, form.row, form.column];
    const tile = this.get(...at) ?? { parts: {}, bytes: 0 };
    this.tiles.set(tileKey(...at), tile);
    this.pending.delete(tileKey(...at, channel));
    tile.parts[channel] = { ...form, values };
    const bytes = values ? values.byteLength + 4 * values.length : 0; // with the picture that is painted of it
    tile.bytes += bytes;
    this.bytes += bytes;
    for (const [oldest, { bytes }] of this.tiles) {
      if (this.bytes <= MOST_BYTES) break;
      this.tiles.delete(oldest);
      this.bytes -= bytes;
    }
  }

  /** What the kernel is doing with what was asked: "", "loading" or "busy". */
  get waiting() {
    if (this.unheard && performance.now() - this.unheard > BUSY_AFTER_MS) return "busy";
    return this.shown.length ? "loading" : "";
  }

  /** Ask for all that is missing now, the most wanted first: groups of one level and plane. */
  want(groups) {
    const lacks = ({ source, level, planes, channels }, at) => {
      const tile = this.tiles.get(tileKey(source, level, planes, ...at));
      return channels.some((channel) => !tile?.parts[channel]);
    };
    const missing = groups
      .map((group) => ({ ...group, tiles: group.tiles.filter((at) => lacks(group, at)) }))
      .filter((group) => group.tiles.length);
    this.shown = missing.filter(({ ahead }) => !ahead); // the rest is only read ahead
    const keys = missing.flatMap(({ source, level, planes, channels, tiles }) =>
      tiles.flatMap((at) => channels.map((channel) => tileKey(source, level, planes, ...at, channel))));
    const isLost = this.unheard && performance.now() - this.unheard > LOST_AFTER_MS;
    // One message on its way is enough: when it is heard, this is asked again.
    if (!isLost && (this.unheard || keys.every((key) => this.pending.has(key)))) return;
    this.pending = new Set(keys);
    this.number += 1;
    this.unheard = performance.now();
    this.model.send({ kind: "tiles", number: this.number, groups: missing });
    clearTimeout(this.timer);
    this.timer = setTimeout(this.onchange, BUSY_AFTER_MS + 50);
  }

  /** Forget what could not be read, so that it is asked for again. */
  forgetFailures() {
    for (const { parts } of this.tiles.values())
      for (const channel in parts) if (parts[channel].error) delete parts[channel];
  }

  hear(message, buffers) {
    if (message.kind === "heard" && message.number === this.number) this.unheard = null;
    else if (message.kind === "tiles")
      message.tiles.forEach((form, i) => this.put(form, form.error ? undefined : decoded(form.type, buffers[i])));
    else return;
    this.onchange();
  }
}

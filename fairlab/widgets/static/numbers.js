// From raw numbers to colours, line by line what fairlab/widgets/compositing.py does in Python.

const TYPED_ARRAYS = {
  u1: Uint8Array, i1: Int8Array, u2: Uint16Array, i2: Int16Array, u4: Uint32Array, i4: Int32Array,
  f4: Float32Array, f8: Float64Array, u8: BigUint64Array, i8: BigInt64Array,
};
const LEAST_OF_SMALL = { u1: 0, i1: -128, u2: 0, i2: -32768 };

/** The numbers of a message's buffer (a DataView) or of a saved trait. */
export function decoded(type, view) {
  const Numbers = TYPED_ARRAYS[type];
  // A copy, as they may begin anywhere in the message.
  return new Numbers(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

/** Of "#RRGGBB", 0 to 1 each. */
export function shares(color) {
  return [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16) / 255);
}

/** A function from a value to brightness, 0 to 1; NaN is 0, and a window without width is a threshold. */
function intensity([start, end], gamma) {
  // Halves first: the width of a window may itself be beyond the largest float.
  const [low, width] = [start / 2, end / 2 - start / 2];
  return (value) => {
    const share = width === 0 ? Number(value > start) : (value / 2 - low) / width;
    const light = share > 0 ? (share < 1 ? share : 1) : 0;
    return gamma === 1 ? light : light ** gamma;
  };
}

/** A function from numbers and a place among them to brightness times 255, by a table where the type is small. */
export function brightness(type, window, gamma) {
  const light = intensity(window, gamma);
  const least = LEAST_OF_SMALL[type];
  if (least === undefined) return (values, i) => 255 * light(Number(values[i]));
  const table = new Float32Array(type[1] === "1" ? 256 : 65536);
  for (let i = 0; i < table.length; i++) table[i] = 255 * light(i + least);
  return (values, i) => table[values[i] - least];
}

/** Channels added as coloured light into the bytes of a picture (r, g, b, a). */
export function composite(layers, bytes) {
  const count = bytes.length / 4;
  const light = new Float32Array(count * 3);
  for (const { values, bright, color } of layers) {
    const [red, green, blue] = color;
    for (let i = 0, j = 0; i < count; i++, j += 3) {
      const value = bright(values, i);
      if (value === 0) continue;
      light[j] += value * red;
      light[j + 1] += value * green;
      light[j + 2] += value * blue;
    }
  }
  // A clamped array clips and rounds by itself.
  for (let i = 0, j = 0, k = 0; i < count; i++, j += 3, k += 4) {
    bytes[k] = light[j];
    bytes[k + 1] = light[j + 1];
    bytes[k + 2] = light[j + 2];
    bytes[k + 3] = 255;
  }
}

/** The window that shows most of what is there; see auto_window in Python. */
export function autoWindow(arrays) {
  const numbers = sample(arrays, 200000);
  if (!numbers.length) return [0, 1];
  let [low, high] = [0.5, 99.8].map((percent) => {
    const place = (percent / 100) * (numbers.length - 1);
    const below = numbers[Math.floor(place)];
    return below + (numbers[Math.ceil(place)] - below) * (place % 1);
  });
  if (!(low < high)) [low, high] = [numbers[0], numbers.at(-1)];
  if (low === high) [low, high] = [Math.min(0, low), Math.max(0, high)];
  return low < high ? [low, high] : [0, 1];
}

/** Finite numbers of several arrays in order, every so many where there are more than enough. */
export function sample(arrays, most) {
  const total = arrays.reduce((sum, values) => sum + values.length, 0);
  const step = Math.ceil(total / most) | 1; // odd, as an even step would meet the same columns in every row
  const found = [];
  let i = 0;
  for (const values of arrays) {
    for (; i < values.length; i += step) {
      const value = Number(values[i]);
      if (Number.isFinite(value)) found.push(value);
    }
    i -= values.length; // on in the next array
  }
  return Float64Array.from(found).sort();
}

/** How many numbers (sorted) fall into each of so many bins of a range, as heights 0 to 1 on a log scale. */
export function histogram(numbers, [low, high], bins) {
  const counts = new Float64Array(bins);
  for (const value of numbers) {
    const bin = value === high ? bins - 1 : Math.floor(((value - low) / (high - low)) * bins);
    if (bin >= 0 && bin < bins) counts[bin]++;
  }
  const most = Math.log1p(Math.max(1, ...counts));
  return counts.map((count) => Math.log1p(count) / most);
}

/** One stored value in words, with no digit invented. */
export function exact(values, i) {
  const value = values[i];
  if (!(values instanceof Float32Array)) return String(value);
  const texts = [6, 7, 8, 9].map((digits) => String(Number(value.toPrecision(digits))));
  return texts.find((text) => Math.fround(Number(text)) === value) ?? String(value);
}

/** A number for people, with so many digits. */
export function short(value, digits = 4) {
  return String(Number(value.toPrecision(digits)));
}

/** A position, with the digits that tell samples so far apart from one another. */
export function place(value, step) {
  const digits = Math.min(12, Math.max(0, Math.ceil(1 - Math.log10(Math.abs(step) || 1))));
  return String(Number(value.toFixed(digits)));
}

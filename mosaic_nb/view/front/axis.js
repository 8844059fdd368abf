// Round numbers for an axis.

const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });

const OVER = 0.02; // steps by which a value may lie beyond the first or the last number

// Multiples of 1, 2 or 5 times a power of ten, about `most` of them, that reach from low to high.
export function niceTicks(low, high, most) {
  const rough = (high - low) / Math.max(1, most - 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((each) => each * power >= rough * 0.999999);
  const from = Math.floor(low / step + OVER);
  const count = Math.ceil(high / step - OVER) - from;
  return Array.from({ length: count + 1 }, (_, at) => Number(((from + at) * step).toPrecision(12)));
}

export function axisNumber(value) {
  return Math.abs(value) >= 1e4 ? COMPACT.format(value) : String(value);
}

/** The drift detectors over plain data: the oracle of the native ones. */

/** A change of the mean. */
export interface Cut {
  readonly rose: boolean;
  readonly statistic: number;
  readonly threshold: number;
}

/** ADWIN's window: buckets of 2^i values, newest first; each with its size, total and sum of squared deviations. */
export interface Adwin {
  ticks: number;
  buckets: Bucket[];
}

type Bucket = readonly [size: number, total: number, variance: number];

const merged = ([n0, u0, v0]: Bucket, [n1, u1, v1]: Bucket): Bucket => [
  n0 + n1,
  u0 + u1,
  v0 + v1 + (n0 * n1 * (u0 / n0 - u1 / n1) ** 2) / (n0 + n1),
];

/** Bifet and Gavalda (2007), with five buckets a size, looked at for every 32nd value. */
export function pushAdwin(window: Adwin, value: number, delta: number): Cut | null {
  window.buckets.unshift([1, value, 0]);
  for (let size = 1; window.buckets.filter(([n]) => n === size).length > 5; size *= 2) {
    const last = window.buckets.findLastIndex(([n]) => n === size);
    const [newer, older] = window.buckets.slice(last - 1, last + 1) as [Bucket, Bucket];
    window.buckets.splice(last - 1, 2, merged(older, newer));
  }
  window.ticks += 1;
  if (window.ticks % 32 !== 0 || window.buckets.reduce((n, [size]) => n + size, 0) <= 10) return null;
  let found: Cut | null = null;
  for (let cut = cutOf(window.buckets, delta); cut; cut = cutOf(window.buckets, delta)) {
    found ??= cut;
    window.buckets.pop();
  }
  return found;
}

function cutOf(buckets: readonly Bucket[], delta: number): Cut | null {
  const oldest = [...buckets].reverse();
  const [width, , squares] = oldest.reduce(merged);
  for (let cut = 1; cut < oldest.length; cut++) {
    const of = (some: readonly Bucket[]) => some.map(([n, u]) => [n, u] as const).reduce((a, b) => [a[0] + b[0], a[1] + b[1]]);
    const [n0, u0] = of(oldest.slice(0, cut));
    const [n1, u1] = of(oldest.slice(cut));
    if (n0 < 5 || n1 < 5) continue;
    const surety = Math.log((2 * Math.log(width)) / delta);
    const parts = 1 / (n0 - 4) + 1 / (n1 - 4);
    const threshold = Math.sqrt(2 * parts * (squares / width) * surety) + (2 / 3) * surety * parts;
    const rise = u1 / n1 - u0 / n0;
    if (Math.abs(rise) > threshold) return { rose: rise > 0, statistic: Math.abs(rise), threshold };
  }
  return null;
}

/** Sums of a Page-Hinkley test, all of the values since it began. */
export interface PageHinkley {
  values: number[];
}

/** Page (1954), with the past fading by 0.9999 a value; tested from the 30th on. */
export function pushPageHinkley(test: PageHinkley, value: number, delta: number, threshold: number): Cut | null {
  test.values.push(value);
  let [mean, up, down] = [0, 0, 0];
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  test.values.forEach((each, i) => {
    mean += (each - mean) / (i + 1);
    up = 0.9999 * up + (each - mean) - delta;
    down = 0.9999 * down + (each - mean) + delta;
    least = Math.min(least, up);
    most = Math.max(most, down);
  });
  if (test.values.length < 30) return null;
  const [rise, fall] = [up - least, most - down];
  if (rise <= threshold && fall <= threshold) return null;
  test.values = [];
  return { rose: rise > threshold, statistic: rise > threshold ? rise : fall, threshold };
}

/** Plots as SVG, in the colours of the page around them. */

const WIDTH = 560;
const HEIGHT = 240;
const LEFT = 64;
const BOTTOM = 36;
const TOP = 12;
const RIGHT = 14;
/** Points of a line; more cannot be seen. */
const MOST_POINTS = 1000;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
  /** Drawn as a class of the page: `model`, `base`, `other`. */
  readonly look: 'model' | 'base' | 'other';
  readonly dots?: boolean;
}

interface Axes {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly grid: string;
}

/** Marks of an axis: about five round numbers from low to high. */
export function marks(low: number, high: number): readonly number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const rough = span / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

const shown = (value: number): string =>
  value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(0) : String(Number(value.toPrecision(4)));
const escaped = (text: string): string => text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);

function axes(points: readonly Point[], labels: { readonly x: string; readonly y: string }, zero: boolean): Axes {
  const finite = points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
  const range = (values: readonly number[], with0: boolean): readonly [number, number] => {
    const low = values.reduce((least, value) => Math.min(least, value), with0 ? 0 : Number.POSITIVE_INFINITY);
    const high = values.reduce((most, value) => Math.max(most, value), with0 ? 0 : Number.NEGATIVE_INFINITY);
    const pad = (high - low || Math.abs(high) || 1) * 0.05;
    return [low - pad, high + pad];
  };
  const [x0, x1] = range(finite.length > 0 ? finite.map(({ x }) => x) : [0, 1], false);
  const [y0, y1] = range(finite.length > 0 ? finite.map(({ y }) => y) : [0, 1], zero);
  const x = (value: number): number => LEFT + ((value - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - ((value - y0) / (y1 - y0)) * (HEIGHT - BOTTOM - TOP);
  const across = marks(y0, y1).map(
    (value) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/><text x="${LEFT - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${shown(value)}</text>`,
  );
  const along = marks(x0, x1).map(
    (value) => `<text x="${x(value).toFixed(1)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${shown(value)}</text>`,
  );
  const names = `<text class="name" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 4}" text-anchor="middle">${escaped(labels.x)}</text><text class="name" transform="translate(12 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escaped(labels.y)}</text>`;
  return { x, y, grid: [...across, ...along, names].join('') };
}

const framed = (title: string, body: string): string =>
  `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">${body}</svg>`;

/** Lines over one pair of axes. `zero`: the vertical axis holds 0. */
export function linePlot(title: string, lines: readonly Line[], labels: { readonly x: string; readonly y: string }, zero = true): string {
  const { x, y, grid } = axes(
    lines.flatMap(({ points }) => points),
    labels,
    zero,
  );
  const drawn = lines.map(({ points, look, name, dots }) => {
    const step = Math.max(1, Math.ceil(points.length / MOST_POINTS));
    const kept = points.filter((_, i) => i % step === 0 || i === points.length - 1);
    const path = kept.map((point, i) => `${i === 0 ? 'M' : 'L'}${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`).join('');
    const circles = dots
      ? kept.map((point) => `<circle class="${look}" cx="${x(point.x).toFixed(1)}" cy="${y(point.y).toFixed(1)}" r="3.5"/>`).join('')
      : '';
    return `<path class="${look}" d="${path}"><title>${escaped(name)}</title></path>${circles}`;
  });
  return framed(title, grid + drawn.join(''));
}

/** A bar a name, from 0 to the left or to the right. */
export function barPlot(title: string, bars: readonly { readonly name: string; readonly value: number }[]): string {
  const height = 22;
  const name = 210;
  const most = Math.max(...bars.map(({ value }) => Math.abs(value)), Number.MIN_VALUE);
  const middle = name + (WIDTH - name - 70) / 2;
  const unit = (WIDTH - name - 70) / 2 / most;
  const rows = bars.map(({ name: text, value }, i) => {
    const top = i * height;
    const length = Math.abs(value) * unit;
    const from = value < 0 ? middle - length : middle;
    return `<text x="${name - 8}" y="${top + 15}" text-anchor="end">${escaped(text)}</text><rect class="model" x="${from.toFixed(1)}" y="${top + 4}" width="${length.toFixed(1)}" height="${height - 8}"/><text x="${WIDTH - 4}" y="${top + 15}" text-anchor="end">${shown(value)}</text>`;
  });
  const line = `<line class="grid" x1="${middle}" x2="${middle}" y1="0" y2="${bars.length * height}"/>`;
  return `<svg viewBox="0 0 ${WIDTH} ${bars.length * height}" role="img" aria-label="${escaped(title)}">${line}${rows.join('')}</svg>`;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const MINUTE = 60_000;
const HALF_LIFE = 15 * MINUTE;
const HORIZON = 120 * MINUTE;

export interface Bar {
  readonly at: number;
  readonly symbol: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** What was said of one company. */
export interface Said {
  readonly at: number;
  readonly symbol: string;
  readonly headline_id: number;
  readonly sentiment: number;
  readonly confidence: number;
  readonly credibility: number;
}

/** What was known when a bar closed. */
export interface Known {
  readonly headline_id: number | null;
  readonly news_minutes: number | null;
  readonly mood: number | null;
  readonly headlines: number | null;
  readonly return_1: number | null;
  readonly return_5: number | null;
  readonly volatility: number | null;
  readonly range: number;
  readonly tone: number;
  readonly tone_change: number | null;
}

export function barsOf(folder: string): Bar[] {
  const [, ...lines] = gunzipSync(readFileSync(join(folder, 'bars.csv.gz')))
    .toString()
    .trim()
    .split('\n');
  return lines.map((line) => {
    const [stamp = '', symbol = '', ...numbers] = line.split(',');
    const [open = 0, high = 0, low = 0, close = 0, volume = 0] = numbers.map(Number);
    return { at: Date.parse(stamp), symbol, open, high, low, close, volume };
  });
}

/** The features of every bar by plain loops over what was published and traded up to its end; `said` is in order of time. */
export function known(bars: readonly Bar[], said: readonly Said[]): Known[] {
  const earlier = new Map<string, Omit<Known, 'headline_id' | 'news_minutes'>[]>();
  const closes = new Map<string, Bar[]>();
  return bars.map((bar) => {
    const { symbol, at } = bar;
    const own = closes.get(symbol) ?? [];
    const before = earlier.get(symbol) ?? [];
    closes.set(symbol, own);
    earlier.set(symbol, before);
    own.push(bar);
    const back = (minutes: number): Bar | null => {
      const then = own.at(-1 - minutes);
      return then && at - then.at === minutes * MINUTE ? then : null;
    };
    const [one, five] = [back(1), back(5)];
    const return_1 = one && Math.log(bar.close / one.close);
    const squares = [return_1, ...[-1, -2, -3, -4].map((i) => before.at(i)?.return_1 ?? null)].map((r) => r !== null && r * r);
    const volatility = squares.includes(false) ? null : Math.sqrt((squares as number[]).reduce((a, b) => a + b, 0) / 5);
    const mood = moodAt(symbol, at, said);
    const row = {
      ...mood,
      return_1,
      return_5: five && Math.log(bar.close / five.close),
      volatility,
      range: Math.log(bar.high / bar.low),
      tone: mood.mood ?? 0,
      tone_change: five ? (mood.mood ?? 0) - (before.at(-5)?.tone ?? Number.NaN) : null,
    };
    before.push(row);
    const last = said.findLast((one) => one.symbol === symbol && one.at <= at && one.credibility >= 0.5);
    const isFresh = last !== undefined && at - last.at <= HORIZON;
    return { ...row, headline_id: isFresh ? last.headline_id : null, news_minutes: isFresh ? (at - last.at) / MINUTE : null };
  });
}

/** The index at the end of a minute; with a headline of neutral opinion that weighs a half. */
function moodAt(symbol: string, at: number, said: readonly Said[]): Pick<Known, 'mood' | 'headlines'> {
  const live = said.filter((one) => one.symbol === symbol && one.at <= at && at - one.at < HORIZON);
  if (live.length === 0) return { mood: null, headlines: null };
  const weights = live.map(({ at: then, confidence, credibility }) => confidence * credibility * 2 ** (-(at - then) / HALF_LIFE));
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  return { mood: sum(live.map(({ sentiment }, i) => (weights[i] as number) * sentiment)) / (sum(weights) + 0.5), headlines: live.length };
}

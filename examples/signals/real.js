import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { drawsOf } from './draws.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** 518 weeks: the quotes of 2012 beside the bars of 2022, weekday on weekday. */
const SHIFT = 3_626 * DAY;
const FROM = Date.parse('2022-01-18T00:00:00Z');
/** What is before this is history to learn from. */
const SPLIT = Date.parse('2022-01-20T00:00:00Z');
const TO = Date.parse('2022-01-21T00:00:00Z');

const lines = (path) => gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n');

/** Real bars and real headlines; the times of the headlines, and who is traded on which name, are drawn. */
export function real(seed, folder) {
  const draws = drawsOf(seed);
  const symbols = ['BTCUSD', 'GBPUSD'];
  const bars = [...bitcoin(join(folder, 'bars')), ...pound(join(folder, 'bars'))].filter(({ at }) => at > FROM && at <= TO);
  bars.sort((a, b) => a.at - b.at || (a.symbol < b.symbol ? -1 : 1));
  const told = lines(join(folder, 'news', 'headlines.ndjson.gz')).map((line) => JSON.parse(line));
  const headlines = told.map(({ id, headline }) => ({
    id,
    at: FROM + Math.floor(draws.next() * (TO - FROM)),
    source: draws.pick(['wire', 'daily', 'forum']),
    headline,
  }));
  headlines.sort((a, b) => a.at - b.at || a.id - b.id);
  return {
    companies: tickers(join(folder, 'news', 'entities.csv')).map((company) => ({ symbol: draws.pick(symbols), ...company })),
    history: { bars: bars.filter(({ at }) => at <= SPLIT), headlines: headlines.filter(({ at }) => at <= SPLIT) },
    today: { bars: bars.filter(({ at }) => at > SPLIT), headlines: headlines.filter(({ at }) => at > SPLIT) },
  };
}

/** A line a ticker: `,Symbol,Entity`, where the entity is all of its aliases, the first its name. */
function tickers(path) {
  const cells = readFileSync(path, 'utf8')
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => /^[^,]*,[^,]*,"?(.*?)"?$/.exec(line)?.[1] ?? '');
  return cells.map((cell) => cell.split(',').map((alias) => alias.trim())).map((aliases) => ({ name: aliases[0], aliases }));
}

/** A stamp is the start of its minute; a bar is known at the end. */
function bitcoin(folder) {
  return rows(join(folder, 'btc-perp-1m-2022-01.csv.gz')).map(([stamp, open, high, low, close, volume]) => {
    const at = Date.parse(`${stamp.slice(0, 19).replace(' ', 'T')}Z`) + MINUTE;
    return { at, symbol: 'BTCUSD', open, high, low, close, volume };
  });
}

/** Halfway between bid and ask; it has no volume. */
function pound(folder) {
  const asks = new Map(rows(join(folder, 'gbpusd-1m-ask-2012.csv.gz')).map(([stamp, ...prices]) => [stamp, prices]));
  return rows(join(folder, 'gbpusd-1m-bid-2012.csv.gz')).flatMap(([stamp, ...bids]) => {
    const prices = asks.get(stamp);
    if (!prices) return [];
    const [open, high, low, close] = bids.map((bid, i) => ((Number(bid) + Number(prices[i])) / 2).toFixed(6));
    return [{ at: Date.parse(stamp.replace(' ', 'T')) + SHIFT + MINUTE, symbol: 'GBPUSD', open, high, low, close, volume: 0 }];
  });
}

const rows = (path) =>
  lines(path)
    .slice(1)
    .map((line) => line.trim().split(','));

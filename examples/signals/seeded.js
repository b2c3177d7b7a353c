import { drawsOf } from './draws.js';
import { AGAIN, COMPANIES, FOREIGN, OF_NONE, OF_ONE, OF_TWO } from './phrases.js';

const MINUTE = 60_000;
const OPEN = 8 * 60;
const CLOSE = 16 * 60;
/** What a minute moves a price by itself. */
const DEVIATION = 5e-4;
/** What a headline that is believed moves it in all, and how fast the rest of that fades. */
const MOVE = 25e-4;
const LEFT_AFTER_A_MINUTE = 0.94;

/** Days of headlines and one-minute bars in which believed headlines move prices: what the graph is to find was put there. */
export function seeded(seed, days) {
  const draws = drawsOf(seed);
  const prices = new Map(COMPANIES.map(({ symbol, price }) => [symbol, price]));
  const headlines = [];
  const bars = [];
  for (const day of days) {
    const start = Date.parse(`${day}T00:00:00Z`);
    const told = headlinesOf(draws, start);
    headlines.push(...told);
    bars.push(...barsOf(draws, start, told, prices));
  }
  headlines.sort((a, b) => a.at - b.at);
  return { bars, headlines: headlines.map(({ at, source, text }, i) => ({ id: i + 1, at, source, headline: text })) };
}

function headlinesOf(draws, start) {
  const told = [];
  for (let minute = OPEN - 30; minute < CLOSE; minute += draws.int(1, 9)) {
    const at = start + minute * MINUTE + draws.int(0, MINUTE - 1);
    const first = headline(draws, at);
    told.push(first);
    if (draws.chance(0.15))
      told.push({
        at: at + draws.int(1, 25) * MINUTE,
        source: draws.pick(['daily', 'forum']),
        text: draws.pick(AGAIN)(first.text),
        moves: [],
      });
  }
  return told;
}

function headline(draws, at) {
  const source = draws.pick(['wire', 'wire', 'daily', 'forum']);
  const [one, other] = [draws.int(0, 2), draws.int(1, 2)];
  const [a, b] = [COMPANIES[one], COMPANIES[(one + other) % 3]];
  const named = (what) => (what === 'N' ? String(draws.int(2, 38)) : draws.pick((what === 'A' ? a : b).aliases));
  const said = (text) => (source === 'daily' && draws.chance(0.2) ? `<b>${text}</b>` : text).replace(/\b[ABN]\b/g, named);
  const kind = draws.next();
  if (kind < 0.06) return { at, source, text: draws.pick(OF_NONE), moves: [] };
  if (kind < 0.09) return { at, source, text: said(FOREIGN), moves: [] };
  const believed = source !== 'forum'; // rumours move nothing
  if (kind < 0.2) {
    const moves = believed
      ? [
          { symbol: a.symbol, by: MOVE },
          { symbol: b.symbol, by: -MOVE },
        ]
      : [];
    return { at, source, text: said(draws.pick(OF_TWO)), moves };
  }
  const polarity = draws.pick([1, -1, 1, -1, 0]);
  return { at, source, text: said(draws.pick(OF_ONE[polarity])), moves: believed ? [{ symbol: a.symbol, by: polarity * MOVE }] : [] };
}

function barsOf(draws, start, told, prices) {
  const bars = [];
  const push = new Map(COMPANIES.map(({ symbol }) => [symbol, 0]));
  const moves = told.flatMap(({ at, moves }) => moves.map((move) => ({ at, ...move })));
  for (let minute = OPEN; minute < CLOSE; minute++) {
    const end = start + (minute + 1) * MINUTE;
    for (const { symbol } of COMPANIES) {
      const news = moves.filter((move) => move.symbol === symbol && move.at >= end - 2 * MINUTE && move.at < end - MINUTE); // known a bar before it moves
      const pushed = news.reduce((sum, { by }) => sum + by, push.get(symbol));
      push.set(symbol, pushed * LEFT_AFTER_A_MINUTE);
      const open = prices.get(symbol);
      const close = cents(open * (1 + pushed * (1 - LEFT_AFTER_A_MINUTE) + DEVIATION * draws.normal()));
      const [low, high] = [Math.min(open, close) - draws.int(0, 3) / 100, Math.max(open, close) + draws.int(0, 3) / 100];
      prices.set(symbol, close);
      bars.push({ at: end, symbol, open, high: cents(high), low: cents(low), close, volume: draws.int(1, 99) * 10 });
    }
  }
  return bars;
}

const cents = (price) => Math.round(price * 100) / 100;

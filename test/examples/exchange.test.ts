import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PipelineView } from '../../graph/contract/view.ts';
import { freshFolder, launch, pause, type Running, until, view } from '../crash/process.ts';
import { type Answer, asked, businessColumns, copyOf, documented, done, tableDigest } from './example.ts';

/** Tables that hold the same whenever what is fed back arrives. */
const TABLES = ['fills', 'positions', 'var', 'exposure', 'stress', 'auctions'] as const;

const example = (): string => copyOf('exchange', freshFolder());

const allRead = ({ sources }: PipelineView): boolean =>
  sources.every(({ use, partitions }) => partitions.every(({ lag, ended }) => (use === 'topic' ? lag === 0 : ended)));

/** Waits until all is read, fed back and written, then stops the run with Ctrl-C. */
async function finish(running: Running, folder: string): Promise<void> {
  let [quiet, before] = [0, ''];
  await until(running, 'quiet', async () => {
    const seen = await view(folder);
    const still =
      seen?.state === 'running' &&
      allRead(seen) &&
      seen.sinks.every(({ state, queuedRows, lagMessages }) => state === 'running' && queuedRows === 0 && lagMessages === 0);
    const now = `${seen?.epochs}`;
    quiet = still && now === before ? quiet + 1 : 0;
    before = now;
    if (quiet < 3) await pause(200);
    return quiet >= 3;
  });
  running.process.kill('SIGINT');
  const { code, stderr } = await running.ended;
  expect(code, stderr).toBe(0);
}

type Digests = Readonly<Record<string, Answer | undefined>>;

function digests(folder: string): Promise<Digests> {
  return asked(join(folder, '.millrace'), async (ask) => {
    const found: Record<string, Answer | undefined> = {};
    for (const table of TABLES) {
      const columns = (await ask(businessColumns(table))).map(({ name }) => String(name));
      const [digest] = await ask(tableDigest(table, columns));
      expect(digest?.identities, table).toBe(digest?.rows);
      expect(Number(digest?.rows), table).toBeGreaterThan(0);
      found[table] = { rows: digest?.rows, digest: digest?.digest };
    }
    return found;
  });
}

describe('examples/exchange', () => {
  let whole: Digests = {};

  it('opens with an auction, denies what is killed, and its books add up', async () => {
    const folder = example();
    expect(JSON.parse((await done(folder, ['check', '--json'])).stdout)).toEqual({ diagnostics: [] });
    await finish(launch(folder), folder);
    whole = await digests(folder);
    const answers = await documented('exchange', join(folder, '.millrace'));
    expect(answers.length).toBeGreaterThan(3);
    expect(answers.map(({ given }) => given)).toEqual(answers.map(({ shown }) => shown));
    await asked(join(folder, '.millrace'), async (ask) => {
      const opened = await ask(
        `SELECT symbol, uniqExact(price_ticks) AS prices, any(price_ticks) AS price, sum(size_lots) / 2 AS lots FROM fills
         WHERE liquidity = 'auction' GROUP BY symbol ORDER BY symbol`,
      );
      expect(opened.length).toBeGreaterThan(20);
      const told = await ask('SELECT symbol, indicative_ticks AS price, indicative_lots AS lots FROM auctions WHERE final ORDER BY symbol');
      expect(opened.map(({ symbol, price, lots }) => ({ symbol, price, lots: Number(lots) }))).toEqual(
        told.map((row) => ({ ...row, lots: Number(row.lots) })),
      );
      expect(opened.filter(({ prices }) => Number(prices) !== 1)).toEqual([]);
      const early = await ask("SELECT count() AS n FROM fills WHERE ts_event < '2024-01-01 00:00:05' OR size_lots <= 0");
      expect(Number(early[0]?.n)).toBe(0);
      const sides = await ask(
        'SELECT symbol, execution_id FROM fills GROUP BY ALL HAVING count() != 2 OR uniqExact(price_ticks, size_lots) != 1 OR uniqExact(side) != 2',
      );
      expect(sides).toEqual([]);

      const killed = await ask("SELECT scope, count() AS n FROM denied WHERE code = 'killed' GROUP BY scope ORDER BY scope");
      expect(killed.map(({ scope }) => scope)).toEqual(['account', 'strategy']);
      const passed = await ask(
        "SELECT count() AS n FROM orders WHERE account = 'A0002' AND status = 'new' AND ts_event >= '2024-01-01 00:00:15'",
      );
      expect(Number(passed[0]?.n)).toBe(0);
      const traded = await ask("SELECT count() AS n FROM fills WHERE account = 'A0002' AND ts_event > '2024-01-01 00:00:15'");
      expect(Number(traded[0]?.n)).toBe(0); // what it had resting was cancelled

      const held = `SELECT account, symbol, argMax(position_lots, (ts_event, _seq)) AS lots, argMax(realised, (ts_event, _seq)) AS realised
        FROM positions GROUP BY account, symbol`;
      const open = await ask(`SELECT symbol, sum(lots) AS lots FROM (${held}) GROUP BY symbol HAVING lots != 0`);
      expect(open).toEqual([]); // what one bought another sold
      const filled = await ask(
        `SELECT account, symbol FROM (${held}) AS p JOIN (SELECT account, symbol, sum(if(side = 'buy', size_lots, -size_lots)) AS net FROM fills
         GROUP BY account, symbol) AS f USING (account, symbol) WHERE lots != net`,
      );
      expect(filled).toEqual([]);
    });
  }, 240_000);

  it('gives the same when it is killed again and again, and goes on', async () => {
    const folder = example();
    const moments: readonly (readonly [string, (seen: PipelineView) => boolean])[] = [
      ['computing its first epoch', ({ state, epochs }) => state === 'running' && epochs === 0],
      ['writing', ({ sinks }) => sinks.some(({ blocks }) => blocks > 0)],
      ['reading what was fed back', ({ nodes }) => nodes.some(({ name, rowsOut }) => name === 'changes' && rowsOut > 0)],
    ];
    for (const [what, holds] of moments) {
      const running = launch(folder);
      await until(running, what, async () => {
        const seen = await view(folder);
        return seen !== null && (holds(seen) || allRead(seen));
      });
      running.process.kill('SIGKILL');
      expect((await running.ended).signal).toBe('SIGKILL');
    }
    await finish(launch(folder), folder);
    expect(await digests(folder)).toEqual(whole);
  }, 240_000);
});

import { describe, expect, it } from 'vitest';
import { progressOf } from '../../cli/progress.ts';
import { rejections, warnings } from '../../cli/remarks.ts';
import { span, wrapped } from '../../cli/terminal.ts';
import { tryLines } from '../../cli/tour.ts';
import { Rates } from '../../status/rates.ts';
import { viewWith } from '../status/view.ts';

describe('refused rows', () => {
  const rejected = { a: 1, b: 8, c: 12, d: 2, e: 3 };

  it('are told by reason, the most frequent first', () => {
    expect(rejections(viewWith({ node: { rejected } }))).toEqual([
      'bars: 26 rejected: c 12, b 8, e 3, and 3 for 2 other reasons; they are kept nowhere',
    ]);
    expect(rejections(viewWith({ node: { rejected: { a: 1, b: 1, c: 1, d: 1 } } }))[0]).toContain('c 1, and 1 for 1 other reason;');
    expect(rejections(viewWith({ node: { rejected: {} } }))).toEqual([]);
  });

  it('are where their edges lead: to a table, a topic, or both', () => {
    const into = (topic: string, sink: string | null) =>
      viewWith({
        edges: [{ from: 'bars.rejected', to: topic }, ...(sink === null ? [] : [{ from: topic, to: sink }])],
        sink: { target: 'table rejected' },
      });
    const place = (view: ReturnType<typeof into>) => rejections(view)[0]?.split('; ')[1];
    expect(place(into('_millrace.market.rejected', 'bars_table'))).toBe('they are in table rejected');
    expect(place(into('_millrace.market.rejected', null))).toBe('they are in topic _millrace.market.rejected');
    expect(place(into('dead', null))).toBe('they are in topic dead');
    expect(place(into('dead', 'bars_table'))).toBe('they are in table rejected and topic dead');
  });

  it('are a warning when they are most of what comes', () => {
    const refused = (rows: number) => warnings(viewWith({ node: { rowsIn: 100, rejected: { 'value-type': rows }, ports: {} } }));
    expect(refused(50)).toEqual([]);
    expect(refused(51)).toEqual([expect.stringMatching(/^bars: 51 % of its rows are rejected, most of them for value-type;/)]);
  });
});

describe('a key in two partitions', () => {
  it('is a warning that says what to do', () => {
    const [source] = viewWith({}).sources;
    if (!source) throw new Error('the view has a source');
    const view = (misplaced: { key: string; partitions: [number, number] } | null) => ({
      ...viewWith({}),
      sources: [{ ...source, misplaced }],
    });
    const others = warnings(view(null));
    expect(warnings(view({ key: 'AAPL', partitions: [0, 3] }))).toEqual([
      `${source.name}: AAPL is in partitions 0 and 3, though the source says \`key:\`: results by key come in parts; leave \`key:\` out`,
      ...others,
    ]);
  });
});

describe('late rows', () => {
  const late = (rows: number, edges: { from: string; to: string }[] = []) =>
    warnings(viewWith({ edges, node: { rowsIn: 4000, rejected: {}, ports: { late: rows } } }));

  it('are a warning that says how many and what to do', () => {
    expect(late(12)).toEqual([
      'bars: 12 rows (0.3 %) came behind the watermark and are in no bar; raise `lateness:` of the source, or give `bars.late` a sink',
    ]);
    expect(late(1)[0]).toContain('1 row (under 0.1 %) came behind the watermark and is in no bar');
  });

  it('are none where there are none, or where they are read', () => {
    expect(late(0)).toEqual([]);
    expect(late(12, [{ from: 'bars.late', to: 'late_table' }])).toEqual([]);
  });
});

describe('what is slow', () => {
  it('is a log whose commits take more than a second', () => {
    const slow = (p50: number, description: string) =>
      warnings(
        viewWith({
          node: { ports: {}, rejected: {} },
          log: { description, bytes: null, budgetBytes: null },
          commit: { waitingSinceMs: null, seconds: { p50, p99: 13 } },
        }),
      );
    expect(slow(6.2, 'kafka 4.4.0')).toEqual(['commits take 6.2 s (p50): Kafka is slow, or far away']);
    expect(slow(1.5, 'embedded')).toEqual(['commits take 1.5 s (p50): the disk of the log is slow, or busy']);
    expect(slow(0.9, 'kafka 4.4.0')).toEqual([]);
  });

  it('is a sink that is down while messages wait for it', () => {
    const rates = new Rates(10_000);
    const down = (lagMessages: number, state: 'running' | 'retrying' = 'retrying') =>
      viewWith({ node: { pressure: 0 }, sink: { state, lagMessages } });
    rates.sample([down(1000)], 0);
    rates.sample([down(2000)], 10_000);
    expect(progressOf(down(2000), rates)).toEqual(['bars_table: 2,000 messages wait for it, 100 more a second']);
    expect(progressOf(down(2000, 'running'), rates)).toEqual([]);
  });

  it('is a join whose rows wait for an input that is far behind', () => {
    const held = (behindSeconds: number | null) =>
      progressOf(viewWith({ node: { pressure: 0, held: { rows: 404, waitsFor: 'moods', behindSeconds } } }), new Rates(10_000));
    expect(held(7200)).toEqual(['bars: 404 rows wait for moods, which is 2 h behind in event time']);
    expect(held(null)).toEqual(['bars: 404 rows wait for moods, which has told no time yet']);
    expect(held(5)).toEqual([]);
  });

  /** Two looks, ten seconds apart, with a lag that went from one value to the other while rows came. */
  const between = (from: number, to: number, pressure = 0.2, rows = 100) => {
    const rates = new Rates(10_000);
    const later = viewWith({ node: { watermarkLagSeconds: to, rowsIn: rows, pressure } });
    rates.sample([viewWith({ node: { watermarkLagSeconds: from, rowsIn: 0 } })], 0);
    rates.sample([later], 10_000);
    return progressOf(later, rates);
  };

  it('is told from how the lag changes', () => {
    // 290 s of lag less in 10 s: 300 s of event time in 10 s
    expect(between(1010, 720)).toEqual(['catching up: 12 min behind, 30x real time, about 25 s left']);
    expect(between(700, 705)).toEqual(['falling behind: 12 min behind, 0.5x real time']);
    expect(between(60, 60)).toEqual([]);
    expect(between(9, 5)).toEqual([]);
    expect(between(1e8, 1e8 - 590)).toEqual(['reading history: 1,157 days ago, 60x real time']);
  });

  it('is told as soon as two looks know the lag', () => {
    const rates = new Rates();
    const at = (watermarkLagSeconds: number | null, rowsIn: number) => viewWith({ node: { watermarkLagSeconds, rowsIn, pressure: 0 } });
    for (const [second, view] of [at(null, 0), at(80, 10), at(71, 20)].entries()) rates.sample([view], second * 1000);
    expect(progressOf(at(71, 20), rates)).toEqual(['catching up: 71 s behind, 10x real time, about 8 s left']);
  });

  it('is not a source that is quiet', () => {
    expect(between(700, 710, 0.2, 0)).toEqual([]);
  });

  it('names the busiest node', () => {
    expect(between(1, 1, 0.97)).toEqual(['busiest: bars, 97 % of the time']);
  });

  it('is told from unread messages that grow', () => {
    const rates = new Rates(10_000);
    const withLag = (lag: number) =>
      viewWith({
        sources: [{ name: 's', use: 'topic', partitions: [{ partition: 0, label: '0', position: 0, lag, idle: false, ended: false }] }],
      });
    rates.sample([withLag(0)], 0);
    rates.sample([withLag(5000)], 10_000);
    expect(progressOf(withLag(5000), rates)).toEqual(['falling behind: 5,000 messages unread, 500 more a second']);
  });
});

describe('lines for people', () => {
  it('are wrapped at words', () => {
    expect(wrapped('a fault of many words: here', 12)).toEqual(['a fault of', '  many', '  words:', '  here']);
    expect(wrapped('  = short', 80)).toEqual(['  = short']);
    expect(wrapped('  = long enough', 10)).toEqual(['  = long', '    enough']);
  });

  it('give lengths of time in units that fit', () => {
    expect([0, 24.4, 119, 120, 7199, 7200, 172_800].map(span)).toEqual(['0 s', '24 s', '119 s', '2 min', '120 min', '2 h', '2 days']);
  });

  it('fit a query to try into 80 columns, or give it a line of its own', () => {
    expect(tryLines('SELECT 1')).toEqual(['try: npx millrace sql "SELECT 1"']);
    const long = `SELECT * FROM ${'t'.repeat(60)}`;
    expect(tryLines(long)).toEqual(['try:', `npx millrace sql "${long}"`]);
  });
});

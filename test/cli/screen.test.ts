import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { lineOf, plainScreen } from '../../cli/lines.ts';
import { screenOf } from '../../cli/screen.ts';
import { summaryDocument, summaryOf, summaryText } from '../../cli/summary.ts';
import { Rates } from '../../status/rates.ts';
import { viewWith } from '../status/view.ts';

describe('the screen', () => {
  it('shows rows per second of every node, queues of every sink and the disk against its budget', () => {
    const rates = new Rates();
    rates.sample([viewWith({ node: { rowsOut: 0 } })], 0);
    rates.sample([viewWith({ node: { rowsOut: 5000 } })], 2000);
    const lines = screenOf(viewWith(), rates);
    expect(lines[0]).toBe('market: running, 10 s, 20 epochs, embedded log 1.0 KiB of 4.0 KiB');
    expect(lines.find((line) => line.startsWith('bars '))?.split(/ {2,}/)).toEqual([
      'bars',
      'bars',
      '2,500',
      '10',
      '3',
      '2',
      '50 %',
      '1.5 s',
    ]);
    expect(lines.find((line) => line.startsWith('bars_table '))?.split(/ {2,}/)).toEqual([
      'bars_table',
      'table bars',
      '0',
      '10',
      '5',
      '7',
      '40 ms',
      'running',
    ]);
  });

  it('tells what a source has not read, not how old its rows are', () => {
    const behind = (lag: number | null, ended = false, watermarkLagSeconds = 72_115_178) => {
      const [base] = viewWith().nodes;
      const partition = { partition: 0, label: '0', position: 9, lag, idle: false, ended };
      const view = viewWith({
        nodes: [
          { ...base, name: 'trades', kind: 'source', watermarkLagSeconds },
          { ...base, watermarkLagSeconds },
        ] as ReturnType<typeof viewWith>['nodes'],
        sources: [{ name: 'trades', use: 'topic', partitions: [partition] }],
      });
      const lines = screenOf(view, new Rates());
      return ['trades', 'bars'].map((name) =>
        lines
          .find((line) => line.startsWith(`${name} `))
          ?.split(/ {2,}/)
          .at(-1),
      );
    };
    expect(behind(0)).toEqual(['up to date', 'up to date']);
    expect(behind(1234)).toEqual(['1,234 unread', '835 days']);
    expect(behind(null)).toEqual(['835 days', '835 days']);
    expect(behind(null, true)).toEqual(['up to date', 'up to date']);
    expect(behind(0, false, 40)).toEqual(['up to date', '40 s']);
  });

  it('tells a cause once, with since when and what to do, in lines that fit', () => {
    const error = { code: 'x', message: 'ClickHouse at http://127.0.0.1:9 refuses', node: null, remedy: 'start it', sinceMs: 60_000 };
    const view = viewWith({ sink: { state: 'retrying', lastError: error } });
    const [sink] = view.sinks;
    const three = { ...view, sinks: ['a', 'b', 'c'].map((name, i) => ({ ...sink, name, lastError: { ...error, sinceMs: 60_000 + i } })) };
    const lines = screenOf(three as typeof view, new Rates(), { columns: 40, nowMs: 300_000 });
    const at = lines.findIndex((line) => line.startsWith('a, b, c: retrying since'));
    expect(lines.filter((line) => line.includes('refuses'))).toHaveLength(1);
    expect(lines.slice(at).join(' ').replace(/ +/g, ' ')).toMatch(
      /^a, b, c: retrying since \d\d:\d\d:00, 4 min: ClickHouse at http:\/\/127.0.0.1:9 refuses = start it/,
    );
    expect(lines.slice(at).every((line) => line.length <= 40)).toBe(true);
  });

  it('says that the log is not reached, and since when', () => {
    const trouble = { code: 'kafka-unreachable', message: 'Kafka at kafka://a:1 is not reached', remedy: 'start it', sinceMs: 60_000 };
    const view = viewWith({ log: { description: 'kafka 4.4.0', bytes: null, budgetBytes: null, trouble } });
    const lines = screenOf(view, new Rates(), { nowMs: 92_000 }).join('\n');
    expect(lines).toMatch(/^kafka 4.4.0: no answer since \d\d:\d\d:00, 32 s: Kafka at kafka:\/\/a:1 is not reached\n {2}= start it$/m);
    expect(lineOf(view, new Rates(), 92_000)).toContain('(running, no answer from kafka 4.4.0 for 32 s)');
  });

  it('says which feeds are down, why, since when and when they are asked again', () => {
    const trouble = { code: 'feed-status', message: 'its server says 500', sinceMs: 60_000, againMs: 180_000 };
    const part = (partition: number, down: object | null) => ({
      ...{ partition, label: `https://n.example/${partition}`, position: 0, lag: null, idle: false, ended: false },
      health: { trouble: down && { ...trouble, ...down }, readAgeMs: null, failures: {}, left: {} },
    });
    const told = (downs: readonly (object | null)[]) => {
      const view = viewWith({ sources: [{ name: 'news', use: 'rss', partitions: downs.map((down, i) => part(i, down)) }] });
      return screenOf(view, new Rates(), { nowMs: 92_000 }).filter((line) => line.includes('not read'));
    };
    expect(told([null])).toEqual([]);
    expect(told([null, {}])).toEqual([
      expect.stringMatching(
        /^news: https:\/\/n.example\/1: not read since \d\d:\d\d:00, 32 s: feed-status: its server says 500; asked again at \d\d:\d\d:00$/,
      ),
    ]);
    const many = told([{}, {}, { sinceMs: 50_000 }, {}, {}, { code: 'feed-timeout', message: 'slow' }]);
    expect(many).toHaveLength(2);
    expect(many[0]).toMatch(/^news: https:\/\/n.example\/0, \S+, \S+2, 2 more: not read since \S+, 42 s: feed-status/);
  });

  it('says what a commit waits for', () => {
    const commit = { waitingSinceMs: 60_000, seconds: { p50: 0, p99: 0 } };
    const told = (view: ReturnType<typeof viewWith>) => screenOf(view, new Rates(), { nowMs: 92_000 }).join('\n');
    expect(told(viewWith({ commit }))).toMatch(/^commit: waiting since \d\d:\d\d:00, 32 s: embedded has not made a round durable$/m);
    expect(told(viewWith({ commit, reason: 'the disk is full' }))).toMatch(/^commit: waiting since .*, 32 s: the disk is full$/m);
  });

  it('says that no task is held', () => {
    const line = 'tasks: waiting: none is held here: others have them, or they are being given out anew';
    expect(screenOf(viewWith({ tasks: [] }), new Rates())).toContain(line);
    expect(screenOf(viewWith({ tasks: [], state: 'starting' }), new Rates())).not.toContain(line);
  });

  it('says what parked a task', () => {
    const error = { code: 'x', message: 'refused', node: 'bars', remedy: null, sinceMs: 0 };
    const view = viewWith({ tasks: [{ task: 2, state: 'parked', epoch: 1, error }] });
    expect(screenOf(view, new Rates(), { nowMs: 5000 }).some((line) => /^task 2 in bars: parked since .*, 5 s: refused$/.test(line))).toBe(
      true,
    );
  });

  it('cuts tables that do not fit, and keeps what is told under them', () => {
    const error = { code: 'x', message: 'refused', node: null, remedy: null, sinceMs: 0 };
    const view = viewWith({ sink: { state: 'retrying', lastError: error } });
    const [node] = view.nodes;
    const many = { ...view, nodes: Array.from({ length: 30 }, (_, i) => ({ ...node, name: `n${i}` })) } as typeof view;
    const lines = screenOf(many, new Rates(), { rows: 12 });
    expect(lines.some((line) => line.startsWith('bars_table: retrying'))).toBe(true);
    expect(lines.some((line) => line.startsWith('... '))).toBe(true);
  });

  it('names in a line what a node refused and why, and leaves faults to the notes', () => {
    const error = { code: 'x', message: 'ClickHouse refuses', node: null, remedy: 'start it', sinceMs: 0 };
    const line = lineOf(viewWith({ sink: { state: 'retrying', lastError: error } }), new Rates());
    expect(line).toContain('5 queued, 7 messages unread, retrying |');
    expect(line).toContain('| bars: 3 rejected: price-off-tick 3 | bars: 2 late |');
    expect(line).not.toContain('refuses');
  });

  it('warns once on plain lines when most of what comes is refused', () => {
    const lines: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
    const screen = plainScreen(stream, new Rates(), 5000, () => 0);
    screen.show([viewWith({ node: { rowsIn: 10, rejected: { a: 2 } } })]);
    for (const rows of [6, 7, 8]) screen.show([viewWith({ node: { rowsIn: 10, rejected: { a: rows } } })]);
    expect(lines).toEqual([expect.stringContaining('warning: bars: 60 % of its rows are rejected, most of them for a')]);
  });

  it('is one line now and then where there is no terminal', () => {
    const lines: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
    let now = 0;
    const screen = plainScreen(stream, new Rates(), 5000, () => now);
    for (now of [0, 4000, 5000, 6000, 10_000]) screen.show([viewWith()]);
    expect(lines).toHaveLength(1);
    const [, time, line] = /^(\d\d:\d\d:\d\d) (.+\n)$/.exec(lines[0] ?? '') ?? [];
    expect([time, line]).toEqual([new Date(5000).toTimeString().slice(0, 8), `${lineOf(viewWith(), new Rates())}\n`]);
    for (now of [15_000, 60_000, 65_000, 70_000]) screen.show([viewWith()]);
    expect(lines).toHaveLength(2); // nothing new for a minute
    for (now of [75_000, 80_000]) screen.show([viewWith({ sink: { lagMessages: now } })]);
    expect(lines).toHaveLength(4);
    for (now of [85_000, 190_000]) screen.show([viewWith({ state: 'stopped' })]);
    expect(lines).toHaveLength(4);
  });
});

describe('the summary', () => {
  it('names late rows only where there are some', () => {
    expect(summaryText(summaryOf(viewWith(), undefined))).toMatch(/^node +rows in +rows out +rejected +late +rows\/s$/m);
    expect(summaryText(summaryOf(viewWith({ node: { ports: { out: 10 } } }), undefined))).not.toContain('late');
  });

  it('has the shape that other programs read', () => {
    expect(summaryDocument([summaryOf(viewWith(), undefined)])).toEqual({
      pipeline: 'market',
      seconds: 10,
      epochs: 20,
      nodes: { bars: { rows_in: 1000, rows_out: 10, rejected: 3, late: 2 } },
      sinks: { bars_table: { rows: 10, latency_ms: { p50: 40, p99: 90 } } },
    });
  });

  it('of several pipelines is a list', () => {
    const summary = summaryOf(viewWith(), { code: 'x', message: 'm', node: null });
    expect(summaryDocument([summary, summary])).toEqual({ pipelines: [summary, summary] });
    expect(summaryText(summary)).toMatch(/^bars_table +10 +1 +40 +90$/m);
  });
});

import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { lineOf, plainScreen, screenOf } from '../../cli/screen.ts';
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
    expect(lines.find((line) => line.startsWith('bars '))?.split(/ {2,}/)).toEqual(['bars', 'bars', '2,500', '10', '3', '50 %', '1.5 s']);
    expect(lines.find((line) => line.startsWith('bars_table '))?.split(/ {2,}/)).toEqual([
      'bars_table',
      'table bars',
      '0',
      '10',
      '5',
      '40 ms',
      'running',
    ]);
  });

  it('says what parked a task and why a sink waits', () => {
    const error = { code: 'x', message: 'refused', node: 'bars', remedy: null, sinceMs: 0 };
    const view = viewWith({ tasks: [{ task: 2, state: 'parked', epoch: 1, error }], sink: { state: 'retrying', lastError: error } });
    const lines = screenOf(view, new Rates());
    expect(lines).toContain('task 2 is parked: refused');
    expect(lines.some((line) => line.endsWith('retrying (refused)'))).toBe(true);
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
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe(`${lineOf(viewWith(), new Rates())}\n`);
  });
});

describe('the summary', () => {
  it('has the shape that other programs read', () => {
    expect(summaryDocument([summaryOf(viewWith(), undefined)])).toEqual({
      pipeline: 'market',
      seconds: 10,
      epochs: 20,
      nodes: { bars: { rows_in: 1000, rows_out: 10, rejected: 3 } },
      sinks: { bars_table: { rows: 10, latency_ms: { p50: 40, p99: 90 } } },
    });
  });

  it('of several pipelines is a list', () => {
    const summary = summaryOf(viewWith(), { code: 'x', message: 'm', node: null });
    expect(summaryDocument([summary, summary])).toEqual({ pipelines: [summary, summary] });
    expect(summaryText(summary)).toMatch(/^bars_table +10 +1 +40 +90$/m);
  });
});

import { describe, expect, it } from 'vitest';
import { graphOf } from '../../status/graph.ts';
import { Rates } from '../../status/rates.ts';
import { viewWith } from './view.ts';

describe('rates', () => {
  it('are rows per second between the first and last look', () => {
    const rates = new Rates();
    rates.sample([viewWith({ node: { rowsIn: 0, rowsOut: 100 }, sink: { rows: 0 } })], 10_000);
    rates.sample([viewWith({ node: { rowsIn: 4000, rowsOut: 600 }, sink: { rows: 50 } })], 12_000);
    expect(rates.node('market', 'bars')).toEqual({ rowsIn: 2000, rowsOut: 250 });
    expect(rates.sink('market', 'bars_table')).toBe(25);
  });

  it('forget what lies longer ago than their window', () => {
    const rates = new Rates(2000);
    for (const [second, rowsOut] of [0, 1_000_000, 1_000_010, 1_000_020, 1_000_030].entries()) {
      rates.sample([viewWith({ node: { rowsOut } })], second * 1000);
    }
    expect(rates.node('market', 'bars').rowsOut).toBe(10);
  });

  it('are nothing before the second look and for unknown nodes', () => {
    const rates = new Rates();
    rates.sample([viewWith()], 0);
    expect(rates.node('market', 'bars').rowsOut).toBe(0);
    expect(rates.node('market', 'nobody').rowsOut).toBe(0);
  });
});

describe('the graph', () => {
  it('goes through the topics of the user, not through ours, with rows per second of each port', () => {
    const rates = new Rates();
    rates.sample([viewWith({ node: { ports: { out: 0, late: 0 } }, sink: { rows: 0 } })], 0);
    rates.sample([viewWith({ node: { ports: { out: 40, late: 4 } }, sink: { rows: 100 } })], 2000);
    const edges = [
      { from: 'bars.out', to: '_millrace.market.feed.bars.out' },
      { from: '_millrace.market.feed.bars.out', to: 'bars_table' },
      { from: 'bars.late', to: 'market.late' },
      { from: 'market.late', to: 'bars_table' },
    ];
    const graph = graphOf([viewWith({ edges })], rates);
    const pipeline = 'market';
    expect(graph.edges).toEqual([
      { pipeline, from: 'bars', port: 'late', to: 'market.late', rowsPerSecond: 2 },
      { pipeline, from: 'market.late', port: null, to: 'bars_table', rowsPerSecond: 50 },
      { pipeline, from: 'bars', port: 'out', to: 'bars_table', rowsPerSecond: 20 },
    ]);
    expect(graph.nodes.map((node) => [node.name, node.kind])).toEqual([
      ['bars', 'operator'],
      ['bars_table', 'sink'],
      ['market.late', 'topic'],
    ]);
  });
});

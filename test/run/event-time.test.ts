import { Schema } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import { MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import type { Plan } from '../../graph/contract/plan.ts';
import { batchOf } from '../../graph/contract/rows.ts';
import { ExchangeTime, HEADER, leastPromise } from '../../graph/run/exchange.ts';
import type { OpenInput, Read } from '../../graph/run/inputs.ts';
import { Openings } from '../../graph/run/landing.ts';
import { Task } from '../../graph/run/task.ts';
import { NO_PROBE } from '../../graph/wire/probe.ts';
import { planOf, registryOf, rowAt, TRADES } from './fixture.ts';

const SECOND = 1_000_000_000n;

function taskOf(plan: Plan, partitions: number): Task {
  const inputs = plan.inputs.map((input, index): OpenInput => {
    const reader = { partitions: [], start: async () => 0, read: async () => null, ended: () => false, close: async () => {} };
    const of = input.from.kind === 'connector' ? { topic: null, reader } : { topic: input.from.topic, reader: null };
    const count = input.from.kind === 'connector' ? partitions : (input.partitions ?? 1);
    return {
      index,
      plan: input,
      ...of,
      partitions: count,
      labels: [],
      decoder: null,
      many: true,
      landing: null,
      openings: new Openings(),
      watch: null,
    };
  });
  const options = {
    plan,
    registry: registryOf(new Map()),
    inputs,
    files: new Map(),
    effects: new Map(),
    inc: 'i',
    topicName: (topic: string) => topic,
  };
  return new Task(0, { ...options, probe: () => NO_PROBE });
}

const rowsRead = (partition: number, n: number): Read => ({
  input: 0,
  partition,
  from: n,
  to: n + 1,
  batches: [{ batch: batchOf(TRADES, [rowAt(partition, n)]), origin: () => null, floorNs: null }],
  refused: [],
  marks: [],
  rows: 1,
  bytes: 1,
});

const entryOf = (epoch: number, clockNs: bigint, ended: [string, number][] = []) =>
  ({ v: 1, inc: 'i', epoch, plan: 'h1', clockNs, reads: [], ended }) as const;

describe('an idle part beside one that has ended', () => {
  const plan = planOf({ rows: 10, partitions: 2, tasks: 1, exchange: true });
  const idling = {
    ...plan,
    inputs: plan.inputs.map((i) => (i.time && i.name === 'trades' ? { ...i, time: { ...i.time, idleNs: SECOND } } : i)),
  };

  it('is not the end of the input: more may come', () => {
    const task = taskOf(idling, 2);
    task.run(entryOf(1, SECOND), [rowsRead(0, 1), rowsRead(1, 1)]);
    task.run(entryOf(2, 3n * SECOND, [['trades', 0]]), []);
    const before = task.watermarks[0] as bigint;
    expect(before).toBeLessThan(MAX_NS);
    expect(before).toBeGreaterThan(MIN_NS);
    task.run(entryOf(3, 4n * SECOND, [['trades', 1]]), []);
    expect(task.watermarks[0]).toBe(MAX_NS);
  });

  it('is told to the exchange as idle, so that nobody waits for it', () => {
    const task = taskOf(idling, 2);
    const first = entryOf(1, SECOND);
    task.run(first, [rowsRead(0, 1), rowsRead(1, 1)]);
    task.encode(first);
    const own = task.inputs.find((i) => i.exchange)?.exchange;
    own?.note({ [HEADER.task]: '0', [HEADER.watermark]: '5', [HEADER.idle]: '1' });
    const second = entryOf(2, 3n * SECOND, [['trades', 0]]);
    task.run(second, []);
    const told = task.encode(second).filter(({ topic }) => topic.includes('.x.'));
    expect(told.map(({ headers }) => headers[HEADER.idle])).toEqual(['1']);
  });

  it('keeps an exchange from ending', () => {
    const time = new ExchangeTime(2);
    time.note({ [HEADER.task]: '0', [HEADER.watermark]: String(MAX_NS), [HEADER.idle]: '0' });
    time.note({ [HEADER.task]: '1', [HEADER.watermark]: '7', [HEADER.idle]: '1' });
    expect(time.watermarkNs).toBe(null);
    time.note({ [HEADER.task]: '1', [HEADER.watermark]: '9', [HEADER.idle]: '0' });
    expect(time.watermarkNs).toBe(9n);
  });

  it('counts for nothing while another goes on', () => {
    expect(leastPromise([null, 3n, 4n, MAX_NS])).toBe(3n);
    expect(leastPromise([MAX_NS, MAX_NS])).toBe(MAX_NS);
    expect(leastPromise([MAX_NS, null])).toBe(null);
  });
});

describe('a node that an edit took an edge from', () => {
  /** windows <- trades (and quotes). */
  function planWith(edges: readonly string[]): Plan {
    const base = planOf({ rows: 10, partitions: 1, tasks: 1 });
    const [trades] = base.inputs;
    if (!trades) throw new TypeError('the plan has a source');
    return {
      ...base,
      hash: edges.join(),
      inputs: edges.map((name) => ({ ...trades, name })),
      nodes: base.nodes
        .filter(({ name }) => name === 'windows')
        .map((node) => ({
          ...node,
          inputs: [{ port: 'in', edges: edges.map((name) => ({ node: name, port: 'out' })), schema: new Schema(TRADES.fields) }],
        })),
      outputs: base.outputs.filter(({ name }) => name === 'feed.windows'),
    };
  }

  it('goes on with the rows that waited, and waits for the gone edge no more', () => {
    const two = taskOf(planWith(['trades', 'quotes']), 1);
    two.run(entryOf(1, SECOND), [rowsRead(0, 1), { ...rowsRead(0, 3), input: 1 }]);
    const chunks = two.snapshot();
    const one = taskOf(planWith(['quotes']), 1);
    one.restore(chunks, (node) => node);
    const last = entryOf(2, 2n * SECOND, [['quotes', 0]]);
    one.run(last, []);
    expect(one.states.get('windows')?.held()).toEqual([]);
    const rows = one.encode(last).map(({ value }) => value.byteLength);
    expect(rows.length).toBe(1);
    expect(one.watermarks).toEqual([MAX_NS]);
  });
});

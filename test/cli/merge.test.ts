import { describe, expect, it } from 'vitest';
import { countersOf, mergedView } from '../../cli/workers/merge.ts';
import { viewWith } from '../status/view.ts';

const error = { code: 'sink-down', message: 'it is down', node: 'bars_table', remedy: null, sinceMs: 1 };
const task = (number: number, state: 'running' | 'closed', epoch = 5) => ({ task: number, state, epoch, error: null });
const part = (partition: number, position: number) => ({ partition, label: `t/${partition}`, position, lag: 1, idle: false, ended: false });
const merged = (parts: Parameters<typeof mergedView>[0]) => {
  const view = mergedView(parts);
  if (!view) throw new Error('nothing to merge');
  return view;
};

const one = viewWith({
  tasks: [task(0, 'running'), task(2, 'closed', 9)],
  sources: [{ name: 'trades', use: 'topic', partitions: [part(0, 10), part(2, 7)] }],
  log: { description: 'kafka 4.4.0', bytes: null, budgetBytes: null, statistics: { sent_bytes_total: 10, round_trip_p99_ms: 3 } },
  sink: { state: 'retrying', lastError: error, lagMessages: 4, queuedRows: 1 },
});
const two = viewWith({
  state: 'restoring',
  seconds: 4,
  tasks: [task(1, 'running'), task(2, 'running', 8)],
  sources: [{ name: 'trades', use: 'topic', partitions: [part(1, 3), part(2, 8)] }],
  log: { description: 'kafka 4.4.0', bytes: null, budgetBytes: null, statistics: { sent_bytes_total: 5, round_trip_p99_ms: 8 } },
  node: {
    rowsIn: 500,
    rowsOut: 5,
    watermarkNs: 7n,
    watermarkLagSeconds: 9,
    ports: { out: 5 },
    rejected: { 'price-off-tick': 1, other: 2 },
  },
  sink: { rows: 30, lagMessages: 6, latencyMs: { p50: 80, p99: 70 } },
});

describe('several processes as one', () => {
  const view = merged([
    { worker: 'a', view: one },
    { worker: 'b', view: two },
  ]);

  it('adds counters up', () => {
    const [node] = view.nodes;
    expect([node?.rowsIn, node?.rowsOut, node?.batches, view.epochs]).toEqual([1500, 15, 8, 40]);
    expect(node?.ports).toEqual({ out: 15, late: 2 });
    expect(node?.rejected).toEqual({ 'price-off-tick': 4, other: 2 });
    expect(view.sinks[0]).toMatchObject({ rows: 40, queuedRows: 6, retries: 2 });
    expect(view.log.statistics).toEqual({ sent_bytes_total: 15, round_trip_p99_ms: 8 });
  });

  it('tells of the log what the first to miss it tells', () => {
    const trouble = (sinceMs: number) => ({ code: 'kafka-timeout', message: 'silent', remedy: null, sinceMs });
    const waits = (sinceMs: number) => ({
      log: { ...one.log, trouble: trouble(sinceMs) },
      commit: { waitingSinceMs: sinceMs, seconds: { p50: sinceMs, p99: sinceMs } },
    });
    const both = merged([
      { worker: 'a', view: viewWith(waits(3)) },
      { worker: 'b', view: viewWith(waits(1)) },
      { worker: 'c', view: viewWith() },
    ]);
    expect(both.log.trouble).toEqual(trouble(1));
    expect(both.commit).toEqual({ waitingSinceMs: 1, seconds: { p50: 2, p99: 3 } });
    const gone = countersOf(viewWith(waits(3)));
    expect([gone.log.trouble, gone.commit?.waitingSinceMs]).toEqual([null, null]);
  });

  it('takes event time, lag and tails from the one that is furthest behind', () => {
    expect(view.nodes[0]).toMatchObject({ watermarkNs: 7n, watermarkLagSeconds: 9 });
    expect(view.sinks[0]).toMatchObject({ lagMessages: 6, latencyMs: { p50: (40 * 10 + 80 * 30) / 40, p99: 90 } });
    expect([view.state, view.seconds]).toEqual(['restoring', 10]);
  });

  it('shows each task once, with who runs it, also while it moves', () => {
    expect(view.tasks.map(({ task, state, worker }) => [task, state, worker])).toEqual([
      [0, 'running', 'a'],
      [1, 'running', 'b'],
      [2, 'running', 'b'],
    ]);
    expect(view.sources[0]?.partitions.map(({ partition, position }) => [partition, position])).toEqual([
      [0, 10],
      [1, 3],
      [2, 8],
    ]);
  });

  it('says what holds any of them up', () => {
    expect(view.sinks[0]).toMatchObject({ state: 'retrying', lastError: error });
    const waiting = merged([
      { worker: 'a', view: one },
      { worker: 'b', view: viewWith({ reason: 'the log is full' }) },
    ]);
    expect(waiting.reason).toBe('b: the log is full');
  });

  it('keeps what a process counted that is gone, and nothing else of it', () => {
    const later = merged([
      { worker: 'b', view: two },
      { worker: 'a', view: countersOf(one) },
    ]);
    expect(later.nodes[0]).toMatchObject({ rowsIn: 1500, watermarkNs: 7n });
    expect(later.tasks.map(({ task, worker }) => [task, worker])).toEqual([
      [1, 'b'],
      [2, 'b'],
    ]);
    expect([later.sinks[0]?.state, later.sinks[0]?.rows, later.sinks[0]?.queuedRows]).toEqual(['running', 40, 5]);
  });

  it('is nothing where none has told of itself', () => {
    expect(mergedView([])).toBeNull();
  });
});

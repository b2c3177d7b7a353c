import { Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { type BatchFrame, type Frame, MAX_NS, MIN_NS } from '../../graph/contract/frame.ts';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { type Emission, lift, type NodeState } from '../../graph/wire/lift.ts';
import { NO_PROBE } from '../../graph/wire/probe.ts';
import { graph, node } from './graphs.ts';
import { ROWS, SYNTHETIC } from './synthetic.ts';
import { WiredGraph } from './wired.ts';

const row = (ts: number, size: number, symbol = 'A'): Row => ({ ts_event: BigInt(ts), ts_recv: BigInt(ts), symbol, size });

function batch(rows: readonly Row[], floorNs = MIN_NS): BatchFrame {
  return { kind: 'batch', batch: batchOf(ROWS, rows), floorNs, origin: null };
}

/** What left a node, drawn in order: `out[1 2]`, `|w100|`, `#1@500`. */
function drawn(emissions: readonly Emission[]): string {
  return emissions
    .map(({ port, frame }) => {
      if (frame.kind === 'batch')
        return `${port}[${rowsOf(frame.batch)
          .map((r) => r.size)
          .join(' ')}]`;
      return frame.kind === 'watermark' ? `|w${frame.ns}|` : `#${frame.epoch}@${frame.clockNs}`;
    })
    .join(' ');
}

/** A lifted kernel with its input edges in hand. */
function lifted(
  operator: string,
  edges: readonly (readonly [port: string, time: string | null])[],
  order: 'event_time' | 'arrival' = 'event_time',
) {
  const declared = SYNTHETIC.get(operator);
  if (!declared) throw new RangeError(`there is no operator "${operator}"`);
  const inputs = edges.map(() => new Subject<Frame>());
  const states: NodeState[] = [];
  let made = 0;
  const create = (): Kernel => {
    made += 1;
    return declared.create({ params: {}, inputs: {}, outputs: {}, files: new Map() });
  };
  const frames = lift(
    {
      pipeline: 'test',
      node: 'n',
      order,
      outputs: node('n', operator, {}).outputs,
      probe: NO_PROBE,
      create,
      started: (state) => states.push(state),
    },
    edges.map(([port, time], i) => ({ port, time, schema: ROWS, frames: inputs[i] as Subject<Frame> })),
  );
  const emissions: Emission[] = [];
  const errors: unknown[] = [];
  const subscribe = () => frames.subscribe({ next: (emission) => emissions.push(emission), error: (error) => errors.push(error) });
  const send = (edge: number, ...some: readonly Frame[]): void => {
    for (const frame of some) inputs[edge]?.next(frame);
  };
  const barrier = (epoch: number, clockNs = BigInt(epoch) * 100n): Frame => ({ kind: 'barrier', epoch, clockNs });
  const watermark = (ns: number | bigint): Frame => ({ kind: 'watermark', ns: BigInt(ns) });
  return { frames, inputs, states, emissions, errors, subscribe, send, barrier, watermark, made: () => made };
}

describe('a lifted kernel', () => {
  test('is made anew for every subscription, with state of its own', () => {
    const { frames, send, barrier, subscribe, emissions, made } = lifted('sum', [['in', 'ts_event']]);
    expect(made()).toBe(0);
    subscribe();
    send(0, batch([row(1, 5)]), barrier(1));
    const later: Emission[] = [];
    frames.subscribe((emission) => later.push(emission));
    send(0, batch([row(2, 7)]), barrier(2));
    expect(made()).toBe(2);
    expect(drawn(emissions)).toBe('out[5] #1@100 out[12] #2@200');
    expect(drawn(later)).toBe('out[7] #2@200');
  });

  test('pushes a single edge as it comes and forwards one watermark and one barrier an epoch', () => {
    const { subscribe, send, barrier, watermark, emissions } = lifted('window', [['in', 'ts_event']]);
    subscribe();
    send(0, batch([row(10, 1), row(90, 2)]), watermark(50), batch([row(110, 4)]), watermark(100), barrier(1));
    send(0, barrier(2));
    send(0, watermark(MAX_NS), barrier(3));
    expect(drawn(emissions)).toBe(`out[3] |w100| #1@100 #2@200 out[4] |w${MAX_NS}| #3@300`);
  });

  test('passes the floor of the pushed rows on, and none for what the clock or watermark brings', () => {
    const { subscribe, send, barrier, watermark, emissions } = lifted('window', [['in', 'ts_event']]);
    subscribe();
    send(0, batch([row(10, 1)], 500n), batch([row(510, 2)], 500n), watermark(600), barrier(1));
    const batches = emissions.flatMap(({ port, frame }) => (frame.kind === 'batch' ? [[port, frame.floorNs]] : []));
    expect(batches).toEqual([
      ['late', 500n],
      ['out', MIN_NS],
    ]);
  });

  test('waits for the barrier of every edge before it does anything', () => {
    const { subscribe, send, barrier, watermark, emissions } = lifted('beside', [['left', 'ts_event'], ['right', 'ts_event']]); // biome-ignore format: pairs
    subscribe();
    send(0, batch([row(10, 1)]), watermark(100), barrier(1));
    expect(emissions).toEqual([]);
    send(1, batch([row(5, 7)]), watermark(100));
    expect(emissions).toEqual([]);
    send(1, barrier(1));
    expect(drawn(emissions)).toBe('out[1007] |w100| #1@100');
  });

  test('merges by event time, then edge, then order on the edge, and holds what the slowest edge may still precede', () => {
    const { subscribe, send, barrier, watermark, emissions, states } = lifted('beside', [['left', 'ts_event'], ['right', 'ts_event']]); // biome-ignore format: pairs
    subscribe();
    send(1, batch([row(10, 7), row(10, 8), row(60, 9)]), watermark(60), barrier(1));
    send(0, batch([row(10, 1), row(20, 2), row(50, 3), row(70, 4)]), watermark(50), barrier(1));
    expect(drawn(emissions)).toBe('out[1000] out[2008] |w50| #1@100');
    expect(states[0]?.held().reduce((rows, { frame }) => rows + frame.batch.numRows, 0)).toBe(3);
    send(0, watermark(MAX_NS), barrier(2));
    send(1, watermark(MAX_NS), barrier(2));
    expect(drawn(emissions.slice(4))).toBe(`out[3008] out[4009] |w${MAX_NS}| #2@200`);
  });

  test('puts a late row where its partition stood when it was read, in every cut', () => {
    const frames = {
      left: [batch([row(100, 1)]), batch([row(20, 2)], 100n), batch([row(110, 3)], 100n)],
      right: [batch([row(50, 7), row(105, 8)])],
    };
    const run = (cut: boolean): string => {
      const { subscribe, send, barrier, watermark, emissions } = lifted('beside', [['left', 'ts_event'], ['right', 'ts_event']]); // biome-ignore format: pairs
      subscribe();
      send(1, ...frames.right, watermark(105));
      frames.left.forEach((frame, i) => {
        send(0, frame);
        if (!cut) return;
        send(0, watermark(i === 2 ? 110 : 100), barrier(i + 1));
        send(1, barrier(i + 1));
      });
      send(0, watermark(MAX_NS), barrier(9));
      send(1, watermark(MAX_NS), barrier(9));
      return drawn(emissions.filter(({ frame }) => frame.kind === 'batch')).replaceAll('] out[', ' ');
    };
    expect(run(false)).toBe('out[1007 2007 3008]');
    expect(run(true)).toBe(run(false));
  });

  test('merges by record time when told so, holding nothing, and never undoes the order on an edge', () => {
    const { subscribe, send, barrier, emissions } = lifted('beside', [['left', 'ts_event'], ['right', 'ts_event']], 'arrival'); // biome-ignore format: pairs
    subscribe();
    const at = (recv: number, size: number): Row => ({ ...row(999 - recv, size), ts_recv: BigInt(recv) });
    send(0, batch([at(10, 1), at(30, 2), at(20, 3)]), barrier(1));
    send(1, batch([at(10, 7), at(25, 8)]), barrier(1));
    expect(drawn(emissions)).toBe('out[1000] out[2008 3008] #1@100');
  });

  test('names the node in the error that ends it, and says nothing more', () => {
    const { subscribe, send, barrier, emissions, errors } = lifted('fragile', [['in', 'ts_event']]);
    subscribe();
    send(0, batch([row(1, 1)]), batch([row(2, 13)]), batch([row(3, 3)]), barrier(1));
    expect(drawn(emissions)).toBe('out[1]');
    expect(errors).toEqual([expect.objectContaining({ name: 'MillraceError', code: 'internal', node: 'n', message: '13 is too much' })]);
  });

  test('completes when all of its edges have', () => {
    const { frames, inputs } = lifted('beside', [['left', 'ts_event'], ['right', 'ts_event']]); // biome-ignore format: pairs
    let completed = false;
    frames.subscribe({
      complete: () => {
        completed = true;
      },
    });
    inputs[0]?.complete();
    expect(completed).toBe(false);
    inputs[1]?.complete();
    expect(completed).toBe(true);
  });

  test('tells where rejected rows came from, with the clock of their epoch', () => {
    const { subscribe, send, barrier, emissions } = lifted('split', [['in', 'ts_event']]);
    subscribe();
    const origin = (i: number) => ({ source: 'trades', partition: 3, offset: 70 + i, row: 2 });
    send(0, { ...batch([row(1, 2), row(2, 99), row(3, 3), row(4, 92)]), origin }, barrier(1, 555n));
    expect(emissions.map(({ port, frame }) => port ?? frame.kind)).toEqual(['out', 'odd', 'rejected', 'barrier']);
    const rejected = emissions[2]?.frame;
    const common = { ts_recv: 555n, pipeline: 'test', node: 'n', source: 'trades', partition: 3, row: 2 };
    expect(rejected?.kind === 'batch' && rowsOf(rejected.batch)).toEqual([
      { ...common, code: 'huge', reason: 'size is 99', raw: new Uint8Array(Buffer.from('99')), offset: 71n },
      { ...common, code: 'large', reason: 'size is 92', raw: new Uint8Array(Buffer.from('92')), offset: 73n },
    ]);
  });

  test('goes on from its snapshot, rows that waited for a watermark included', () => {
    const edges = [['left', 'ts_event'], ['right', 'ts_event']] as const; // biome-ignore format: pairs
    const [before, after] = [lifted('beside', edges), lifted('beside', edges)];
    before.subscribe();
    before.send(1, batch([row(10, 7), row(60, 9)]), before.watermark(60), before.barrier(1));
    before.send(0, batch([row(20, 2), row(70, 4)]), before.watermark(50), before.barrier(1));
    after.subscribe();
    const [old, fresh] = [before.states[0] as NodeState, after.states[0] as NodeState];
    fresh.kernel.restore(old.kernel.snapshot());
    fresh.hold(old.held());
    const { out, edges: marks } = old.watermarks();
    fresh.setWatermarks(out, marks);
    for (const one of [before, after]) {
      one.emissions.length = 0;
      one.send(0, one.barrier(2));
      one.send(1, one.watermark(MAX_NS), one.barrier(2));
      one.send(0, one.watermark(MAX_NS), one.barrier(3));
      one.send(1, one.barrier(3));
    }
    expect(drawn(after.emissions)).toBe(drawn(before.emissions));
    expect(drawn(after.emissions)).toBe(`#2@200 out[4009] |w${MAX_NS}| #3@300`);
  });
});

describe('a wired graph', () => {
  const epoch = (rows: readonly Row[], watermarkNs: bigint) => ({
    clockNs: 1n,
    frames: new Map([['a.out', [batch(rows)]]]),
    watermarks: new Map([['a.out', watermarkNs]]),
  });

  test('aligns the two arms of a diamond: each row meets itself, and one barrier comes out', () => {
    const wired = new WiredGraph(
      graph([
        node('up', 'increment', { in: ['a'] }),
        node('twice', 'increment', { in: ['up'] }),
        node('join', 'beside', { left: ['up'], right: ['twice'] }),
      ]),
      ['a'],
    );
    let barriers = 0;
    wired.wired.port('join', 'out').subscribe((frame) => {
      barriers += frame.kind === 'barrier' ? 1 : 0;
    });
    const out = wired.run(epoch([row(1, 1), row(2, 2), row(3, 3)], MAX_NS)).get('join.out') ?? [];
    expect(out.flatMap((b) => rowsOf(b).map((r) => r.size))).toEqual([2000, 3003, 4004]);
    expect(barriers).toBe(1);
  });

  test('takes a port twice as two edges', () => {
    const wired = new WiredGraph(graph([node('both', 'sum', { in: ['a', 'a'] })]), ['a']);
    const out = wired.run(epoch([row(1, 1), row(2, 10)], MAX_NS)).get('both.out') ?? [];
    expect(out.flatMap((b) => rowsOf(b).map((r) => r.size))).toEqual([1, 2, 12, 22]);
  });

  test('tells the driver of a kernel that threw, once, while other nodes finish the epoch', () => {
    const wired = new WiredGraph(
      graph([node('weak', 'fragile', { in: ['a'] }), node('after', 'sum', { in: ['weak'] }), node('other', 'sum', { in: ['a'] })]),
      ['a'],
    );
    const out = wired.run(epoch([row(1, 1), row(2, 13)], MAX_NS));
    expect(wired.errors).toEqual([expect.objectContaining({ node: 'weak' })]);
    expect(out.get('other.out')?.flatMap((b) => rowsOf(b).map((r) => r.size))).toEqual([1, 14]);
    expect(out.get('after.out')).toEqual([]);
  });

  test('names an operator that is not there', () => {
    expect(() => new WiredGraph(graph([{ ...node('n', 'sum', { in: ['a'] }), operator: 'nope' }]), ['a'])).toThrow(
      expect.objectContaining({ code: 'operator-unknown', node: 'n' }),
    );
  });
});

import { REJECTED_SCHEMA } from '../../graph/contract/columns.ts';
import { type BatchFrame, MAX_NS } from '../../graph/contract/frame.ts';
import type { Plan, PlanNode, PortRef } from '../../graph/contract/plan.ts';
import { batchOf, type Row } from '../../graph/contract/rows.ts';
import { floorsOf, slowest, watermarkOf } from '../../graph/test-kit/floors.ts';
import type { Random } from '../../graph/test-kit/random.ts';
import type { SourceEpoch } from '../../graph/test-kit/topological.ts';
import { ROWS, SYNTHETIC } from './synthetic.ts';

export type Graph = Pick<Plan, 'pipeline' | 'inputs' | 'nodes'>;

const RANDOM_OPERATORS = ['increment', 'split', 'sum', 'window', 'beside', 'beside', 'ticker'];

/** A node as the compiler would plan it. */
export function node(
  name: string,
  operator: string,
  inputs: Readonly<Record<string, readonly string[]>>,
  order: PlanNode['order'] = 'event_time',
): PlanNode {
  const ports = Object.keys(SYNTHETIC.get(operator)?.outputs ?? {});
  return {
    name,
    operator,
    params: {},
    inputs: Object.entries(inputs).map(([port, edges]) => ({ port, schema: ROWS, edges: edges.map(portRef) })),
    outputs: Object.fromEntries(ports.map((port) => [port, port === 'rejected' ? REJECTED_SCHEMA : ROWS])),
    order,
    time: Object.fromEntries(Object.keys(inputs).map((port) => [port, 'ts_event'])),
    groups: null,
    signature: name,
    files: {},
  };
}

function portRef(text: string): PortRef {
  const [name = '', port = 'out'] = text.split('.');
  return { node: name, port };
}

export function graph(nodes: readonly PlanNode[]): Graph {
  return { pipeline: 'test', inputs: [], nodes };
}

/**
 * A random acyclic graph over some sources: unions, diamonds, fan-out, several ports, both merge orders. `clockless`: only what must
 * not depend on where epochs are cut.
 */
export function randomGraph(random: Random, sources: readonly string[], clockless = false): Graph {
  const edges = sources.map((source) => `${source}.out`);
  const nodes = Array.from({ length: random.int(1, 9) }, (_, i) => {
    const operator = random.pick(clockless ? RANDOM_OPERATORS.filter((name) => name !== 'ticker') : RANDOM_OPERATORS);
    const ports = Object.keys(SYNTHETIC.get(operator)?.inputs ?? {});
    const inputs = Object.fromEntries(
      ports.map((port) => [port, Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, () => random.pick(edges.slice(-7)))]),
    );
    const made = node(`n${i}`, operator, inputs, clockless || random.chance(0.7) ? 'event_time' : 'arrival');
    edges.push(...Object.keys(made.outputs).filter((port) => port !== 'rejected').map((port) => `n${i}.${port}`)); // biome-ignore format: one step
    return !clockless && random.chance(0.1) ? { ...made, time: Object.fromEntries(ports.map((port) => [port, null])) } : made;
  });
  return graph(nodes);
}

/** All that will be read of one partition, in order. */
export interface Partition {
  readonly source: string;
  readonly partition: number;
  readonly rows: readonly Row[];
  readonly times: readonly bigint[];
  readonly latenessNs: bigint;
}

export function randomPartitions(random: Random, sources: readonly string[], most: number): Partition[] {
  const latenessNs = random.pick([0n, 30n, 200n]);
  return sources.flatMap((source) =>
    Array.from({ length: random.int(1, most) }, (_, partition) => partitionOf(random, source, partition, latenessNs)),
  );
}

/** Partitions cut into random epochs; the last one ends the input. */
export function randomEpochs(random: Random, partitions: readonly Partition[]): SourceEpoch[] {
  const edges = [...new Set(partitions.map(edgeOf))];
  const read = new Map(partitions.map((partition) => [partition, 0]));
  let clockNs = 10_000n;
  const epoch = (take: (left: number) => number): SourceEpoch => {
    clockNs += random.bigint(0n, 60n);
    const frames = new Map(edges.map((edge): [string, BatchFrame[]] => [edge, []]));
    for (const partition of partitions) {
      const from = read.get(partition) ?? 0;
      const to = from + take(partition.rows.length - from);
      frames.get(edgeOf(partition))?.push(...framesOf(random, partition, from, to));
      read.set(partition, to);
    }
    const watermarks = edges.map((edge): [string, bigint] => {
      const own = partitions.filter((partition) => edgeOf(partition) === edge);
      return [edge, slowest(own.map((partition) => watermarkOf(partition.times.slice(0, read.get(partition)), partition.latenessNs)))];
    });
    return { clockNs, frames, watermarks: new Map(watermarks) };
  };
  const epochs = Array.from({ length: random.int(1, 7) }, () => epoch((left) => random.int(0, Math.min(left, 12))));
  epochs.push(epoch((left) => left));
  return [...epochs, { ...epoch(() => 0), watermarks: new Map(edges.map((edge) => [edge, MAX_NS])) }];
}

function edgeOf({ source }: Partition): string {
  return `${source}.out`;
}

function partitionOf(random: Random, source: string, partition: number, latenessNs: bigint): Partition {
  let now = 1000n;
  const rows = Array.from({ length: random.int(0, 40) }, (): Row => {
    now += random.bigint(0n, 60n);
    const ts = random.chance(0.2) ? now - random.bigint(0n, 400n) : now;
    return { ts_event: ts, ts_recv: now + random.bigint(-20n, 20n), symbol: random.pick(['A', 'B', 'C']), size: random.int(0, 100) };
  });
  return { source, partition, rows, times: rows.map((row) => row.ts_event as bigint), latenessNs };
}

/** The next rows of a partition as frames: cut anywhere, and wherever rows begin or cease to be late. */
function framesOf(random: Random, partition: Partition, start: number, end: number): BatchFrame[] {
  const { rows, times, latenessNs } = partition;
  const floors = floorsOf(times, latenessNs);
  const late = times.map((ns, i) => ns < (floors[i] as bigint));
  const frames: BatchFrame[] = [];
  for (let from = start; from < end; ) {
    let to = from + 1;
    while (to < end && late[to] === late[from] && !random.chance(0.2)) to++;
    const first = from;
    const origin = (row: number) => ({ source: partition.source, partition: partition.partition, offset: first + row, row: 0 });
    frames.push({ kind: 'batch', batch: batchOf(ROWS, rows.slice(from, to)), floorNs: floors[from] as bigint, origin });
    from = to;
  }
  return frames;
}

import type { Connector, SourceDeclaration, SourceReader, StartAt } from '../../graph/contract/connector.ts';
import { layoutOf } from './blocks.ts';
import { type SimulateParams, simulateParams } from './params.ts';
import { RowGenerator, SIMULATE_SCHEMA } from './rows.ts';

/** Bytes of a row, roughly: what a reader's credit is counted with. */
const ROW_BYTES = 110;

/** Now, ns since 1970 UTC. */
export type Clock = () => bigint;

const wallClock: Clock = () => BigInt(Date.now()) * 1_000_000n;

/** An open exchange; `clock` decides what a live one shows. */
export function openSimulate(params: SimulateParams, clock: Clock = wallClock): SourceReader {
  const layout = layoutOf(params);
  const generator = new RowGenerator(params, layout);
  const rowsPerBlock = (partition: number): number => layout.rows[partition] as number;

  /** How many of the rows of a block lie before a slot. */
  const rowsBefore = (partition: number, block: number, slot: number): number => {
    const slots = generator.block(partition, block).slot;
    let low = 0;
    let high = slots.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((slots[middle] as number) < slot) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  /** Position of the first row that is not before slot `slot`, counted from the origin. */
  const positionOf = (partition: number, slot: bigint): number => {
    const block = Number(slot / BigInt(layout.slots));
    return block * rowsPerBlock(partition) + rowsBefore(partition, block, Number(slot % BigInt(layout.slots)));
  };

  /** Position of the first row at or after an instant. */
  const positionAt = (partition: number, ns: bigint): number => {
    if (ns <= params.originNs) return 0;
    return positionOf(partition, ((ns - params.originNs) * BigInt(layout.slots) + layout.blockNs - 1n) / layout.blockNs);
  };

  const ends = Array.from({ length: params.partitions }, (_, partition) =>
    params.rows === null ? Number.POSITIVE_INFINITY : positionOf(partition, BigInt(params.rows)),
  );
  const present = (partition: number): number => {
    const end = ends[partition] as number;
    return params.live ? Math.min(end, positionAt(partition, clock())) : end;
  };

  return {
    partitions: ends.map((_, partition) => `sim/${partition}`),
    async start(partition: number, start: StartAt): Promise<number> {
      if (typeof start === 'object') return Math.min(positionAt(partition, start.instantNs), ends[partition] as number);
      if (start === 'earliest' && params.originNs > 0n) return 0;
      // an exchange that is only live has no past
      return Math.min(positionAt(partition, clock()), ends[partition] as number);
    },
    async read(partition, from, maxRows, maxBytes) {
      const wanted = Math.max(1, Math.min(maxRows, Math.floor(maxBytes / ROW_BYTES)));
      const to = Math.min(from + wanted, present(partition));
      return to <= from ? null : { partition, from, to, batch: generator.batch(partition, from, to) };
    },
    ended: (partition, from) => from >= (ends[partition] as number),
    async close() {},
  };
}

const source: SourceDeclaration<SimulateParams> = {
  params: simulateParams,
  formats: [],
  schema: () => SIMULATE_SCHEMA,
  time: 'ts_event',
  key: ['symbol'],
  partitions: (params) => params.partitions,
  finite: (params) => params.rows !== null,
  replay: 'anywhere',
  open: async (params) => openSimulate(params),
};

/** A seeded exchange: trades and quotes of plausible instruments, with faults on demand; any range can be read again. */
export const simulateConnector: Connector = {
  name: 'simulate',
  summary: 'a seeded exchange: trades and quotes of plausible instruments, live or as fast as they are read, with faults on demand',
  connection: null,
  source,
};

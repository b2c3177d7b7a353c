import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { int64 } from '../contract/batch.ts';
import { MillraceError } from '../contract/error.ts';
import { type Frame, MAX_NS, MIN_NS } from '../contract/frame.ts';
import { type Effect, MAIN_PORT, REJECTED_PORT } from '../contract/operator.ts';
import type { Plan, PlanInput, PortRef } from '../contract/plan.ts';
import { type Wired, wire } from '../wire/wire.ts';
import { closeEffects, openEffects } from './effects.ts';
import type { Environment } from './environment.ts';
import { Ingest } from './ingest.ts';
import { type OpenInput, openSource, readOfChunk } from './inputs.ts';
import { readNamedTexts } from './named-texts.ts';
import type { Refused } from './refused.ts';

/** Rows that are read at a time. */
const READ = { rows: 32_768, bytes: 16 * 1024 * 1024 };

/** Rows of one input partition, in order. */
export interface HistoryPart {
  readonly input: PlanInput;
  readonly partition: number;
  readonly batches: readonly RecordBatch[];
}

/** Reads the sources of a plan to their ends, into memory; `refused` counts what they refuse. Error `history-endless` where one has none, or is a topic. */
export async function readHistory(
  plan: Plan,
  environment: Pick<Environment, 'registry' | 'folder' | 'note'>,
  refused?: Refused,
): Promise<readonly HistoryPart[]> {
  for (const input of plan.inputs) {
    const { from } = input;
    const source = from.kind === 'connector' ? environment.registry.connectors.get(from.connector)?.source : null;
    if (from.kind === 'exchange' || (source?.finite(from.kind === 'connector' ? from.params : null) && !input.landing)) continue;
    throw endless(input, plan);
  }
  const parts: HistoryPart[] = [];
  const dataDir = await mkdtemp(join(tmpdir(), 'millrace-history-')); // what sources remember of runs is not touched
  try {
    for (const [index, source] of plan.inputs.entries()) {
      if (source.from.kind === 'exchange') continue;
      const input = await openSource(index, source, plan, { ...environment, dataDir });
      try {
        for (let partition = 0; partition < input.partitions; partition++)
          parts.push({ input: input.plan, partition, batches: await readPart(input, partition, refused) });
      } finally {
        await input.reader?.close();
      }
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
  return parts;
}

/** What to do about a source that has no end: its rows in a file, and a pipeline that reads them there. */
function endless(input: PlanInput, plan: Plan): MillraceError {
  const { name, schema, time } =
    plan.inputs.find((other) => other.landing && 'from' in other.landing && other.landing.from === input.name) ?? input;
  const columns = schema.fields.map(({ name: column, type, nullable }) => {
    const word = String(type).replace(/<.*/, '').toLowerCase();
    return `${column}: ${nullable ? `{ type: ${word}, nullable: true }` : word}`;
  });
  const read = `${name}: { file: { path: ${name}.ndjson }, format: json, schema: { columns: { ${columns.join(', ')} } }${time ? `, time: ${time.column}` : ''} }`;
  return new MillraceError(`source "${name}" has no end, and history is read to its end`, {
    code: 'history-endless',
    domain: 'user',
    node: name,
    remedy: `keep its rows for a while with a sink { from: ${name}, file: { path: ${name}.ndjson } }, and in a copy of the file read them there: ${read}`,
  });
}

async function readPart(input: OpenInput, partition: number, refused: Refused | undefined): Promise<readonly RecordBatch[]> {
  const { reader } = input;
  const batches: RecordBatch[] = [];
  if (!reader) return batches;
  for (let position = await reader.start(partition, 'earliest'); !reader.ended(partition, position); ) {
    const chunk = await reader.read(partition, position, READ.rows, READ.bytes);
    if (chunk) {
      const read = readOfChunk(input, chunk);
      batches.push(...read.batches.map(({ batch }) => batch));
      for (const { batch } of read.refused) refused?.add(input.plan.name, batch);
    } else await new Promise((resolve) => setTimeout(resolve, 1));
    position = chunk?.to ?? position;
  }
  return batches;
}

/**
 * Runs rows through the nodes of a plan of one task, without a log: an epoch a batch, effects asked as they come. `take` gets what leaves on
 * ports, once a port, however often it is named.
 */
export async function runHistory(
  plan: Plan,
  parts: readonly HistoryPart[],
  ports: readonly PortRef[],
  take: (port: PortRef, batch: RecordBatch) => void,
  environment: Pick<Environment, 'registry'>,
  refused?: Refused,
): Promise<void> {
  if (plan.tasks !== 1) throw new MillraceError('history is run by one task', { code: 'tasks-not-one', domain: 'internal' });
  const texts = await readNamedTexts(plan);
  const absolute = new Map(plan.nodes.flatMap((node) => Object.entries(node.files)).map(([path, file]) => [file, texts.get(path) ?? '']));
  const effects = await openEffects(plan, environment.registry, texts);
  try {
    await new History(plan, environment, absolute, effects, ports, take, refused).run(parts);
  } finally {
    await closeEffects(effects);
  }
}

/** A port of an effect node: what left it and is to be answered, and where the answers go. */
interface Asked {
  readonly port: PortRef;
  readonly effect: Effect;
  /** Entry of the record that other nodes read; null where none does. */
  readonly record: string | null;
  readonly isTaken: boolean;
  readonly frames: Frame[];
}

class History {
  readonly #plan: Plan;
  readonly #wired: Wired;
  readonly #take: (port: PortRef, batch: RecordBatch) => void;
  readonly #asked: readonly Asked[];
  readonly #told = new Map<PlanInput, bigint>();
  #failure: unknown = null;
  #epoch = 0;
  #clockNs = 0n;

  constructor(
    plan: Plan,
    environment: Pick<Environment, 'registry'>,
    files: ReadonlyMap<string, string>,
    effects: ReadonlyMap<string, Effect>,
    ports: readonly PortRef[],
    take: (port: PortRef, batch: RecordBatch) => void,
    refused: Refused | undefined,
  ) {
    this.#plan = plan;
    this.#take = take;
    const isSame = (a: PortRef, b: PortRef): boolean => a.node === b.node && a.port === b.port;
    const wanted = ports.filter((port, i) => ports.findIndex((other) => isSame(port, other)) === i);
    const records = plan.outputs.filter(({ aligned }) => aligned).flatMap(({ name, from }) => from.map((port) => ({ name, port })));
    this.#wired = wire(plan, {
      operators: environment.registry.operators,
      files,
      ...(refused ? { probe: (node: string) => refused.probe(node) } : {}),
      read: [...wanted, ...records.map(({ port }) => port)],
      failed: (error) => {
        this.#failure ??= error;
      },
    });
    const answered = [...wanted, ...records.map(({ port }) => port)].filter(
      (port, i, all) => all.findIndex((other) => isSame(port, other)) === i && port.port !== REJECTED_PORT && effects.has(port.node),
    );
    this.#asked = answered.map((port) => ({
      port,
      effect: effects.get(port.node) as Effect,
      record: records.find((record) => isSame(record.port, port))?.name ?? null,
      isTaken: wanted.some((other) => isSame(other, port)),
      frames: [],
    }));
    for (const { port, frames } of this.#asked) this.#wired.port(port.node, port.port).subscribe((frame) => void frames.push(frame));
    for (const port of wanted.filter((one) => !answered.some((other) => isSame(one, other)))) {
      this.#wired.port(port.node, port.port).subscribe((frame) => {
        if (frame.kind === 'batch') take(port, frame.batch);
      });
    }
  }

  async run(parts: readonly HistoryPart[]): Promise<void> {
    const readers = parts.map((part) => ({ part, ingest: new Ingest(part.input.time), next: 0 }));
    for (;;) {
      const ready = readers.filter(({ part, next }) => next < part.batches.length);
      const first = ready.reduce<(typeof ready)[number] | null>(
        (a, b) => (a && endOf(a.part, a.next) <= endOf(b.part, b.next) ? a : b),
        null,
      );
      if (!first) break;
      const batch = first.part.batches[first.next++] as RecordBatch;
      for (const frame of first.ingest.take(batch, null)) this.#wired.source(first.part.input.name, MAIN_PORT).next(frame);
      await this.#close(readers);
    }
    for (const { ingest } of readers) ingest.end();
    await this.#close(readers);
  }

  /** Ends an epoch: watermarks, barriers, answers. Throws what a kernel or an effect threw. */
  async #close(readers: readonly { readonly part: HistoryPart; readonly ingest: Ingest }[]): Promise<void> {
    const inputs = this.#plan.inputs.filter(({ from }) => from.kind !== 'exchange');
    for (const input of inputs) {
      const own = readers.filter(({ part }) => part.input.name === input.name).map(({ ingest }) => ingest.watermarkNs ?? MIN_NS);
      const ns = own.reduce((a, b) => (a < b ? a : b), MAX_NS);
      if (ns <= (this.#told.get(input) ?? MIN_NS)) continue;
      this.#told.set(input, ns);
      if (ns !== MAX_NS && ns > this.#clockNs) this.#clockNs = ns;
      for (const port of [MAIN_PORT, REJECTED_PORT]) this.#wired.source(input.name, port).next({ kind: 'watermark', ns });
    }
    const barrier: Frame = { kind: 'barrier', epoch: this.#epoch++, clockNs: this.#clockNs };
    for (const input of inputs) for (const port of [MAIN_PORT, REJECTED_PORT]) this.#wired.source(input.name, port).next(barrier);
    for (let asked = this.#next(); asked; asked = this.#next()) await this.#answer(asked);
    if (this.#failure !== null) throw this.#failure;
  }

  #next(): Asked | undefined {
    return this.#asked.find(({ frames }) => frames.length > 0);
  }

  async #answer({ port, effect, record, isTaken, frames }: Asked): Promise<void> {
    for (const frame of frames.splice(0)) {
      const given = frame.kind === 'batch' ? { ...frame, batch: await effect.apply(port.port, frame.batch) } : frame;
      if (given.kind === 'batch' && isTaken) this.#take(port, given.batch);
      if (record !== null) this.#wired.source(record, MAIN_PORT).next(given);
    }
  }
}

/** Event time of the last row of a part's batch; parts without one come first. */
function endOf({ input, batches }: HistoryPart, index: number): bigint {
  const batch = batches[index];
  if (!batch || batch.numRows === 0 || !input.time) return MIN_NS;
  return int64(batch, input.time.column)[batch.numRows - 1] ?? MIN_NS;
}

import type { RecordBatch } from 'apache-arrow';
import type { SourceChunk, SourceReader } from '../contract/connector.ts';
import { inNode, MillraceError } from '../contract/error.ts';
import type { Decoder, Payloads } from '../contract/format.ts';
import type { Arrivals, Origin, RowOrigin } from '../contract/frame.ts';
import type { Log, Message } from '../contract/log.ts';
import type { Plan, PlanInput } from '../contract/plan.ts';
import type { Environment } from './environment.ts';
import { HEADER } from './exchange.ts';
import { KeyWatch } from './key-watch.ts';
import { landedChunk, Openings } from './landing.ts';

/** Rows read together, already in columns. */
export interface ReadBatch {
  readonly batch: RecordBatch;
  readonly origin: Origin;
  /** Floor that an exchange message carries; null: the partition's own. */
  readonly floorNs: bigint | null;
  /** Which of several writers of the partition the rows come from. */
  readonly writer?: string;
  readonly arrivals?: Arrivals | undefined;
}

/** What one epoch reads of one input partition: [from, to), decoded. */
export interface Read {
  readonly input: number;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly batches: readonly ReadBatch[];
  /** Refused payloads (`REJECT_SCHEMA`). */
  readonly refused: readonly { readonly batch: RecordBatch; readonly origin: Origin }[];
  /** Headers of exchange messages, in order. */
  readonly marks: readonly Readonly<Record<string, string>>[];
  readonly rows: number;
  readonly bytes: number;
  /** What an input that lands its payloads read: not decoded, for no node. */
  readonly landed?: SourceChunk;
  /** The messages say that the partition has ended. */
  readonly ended?: boolean;
}

/** An input that is open: a topic of the log, or a connector's reader. */
export interface OpenInput {
  readonly index: number;
  readonly plan: PlanInput;
  /** Topic as it is named in the log; null for a connector. */
  readonly topic: string | null;
  readonly reader: SourceReader | null;
  readonly partitions: number;
  readonly labels: readonly string[];
  readonly decoder: Decoder | null;
  /** One payload holds many rows. */
  readonly many: boolean;
  /** Topic that a connector's payloads are landed in, as it is named in the log; null: they go to nodes. */
  readonly landing: string | null;
  /** Openings of the files that were landed in the topic. */
  readonly openings: Openings;
  /** Looks whether each key lies in one partition, as the source says; null where there is nothing to look at. */
  readonly watch: KeyWatch | null;
}

/** Opens every input of a plan: describes topics, opens connectors, makes decoders. */
export async function openInputs(plan: Plan, environment: Environment, topicName: (topic: string) => string): Promise<OpenInput[]> {
  const opened: OpenInput[] = [];
  for (const [index, input] of plan.inputs.entries()) opened.push(await openInput(index, input, plan, environment, topicName));
  return opened;
}

/** What opening a connector needs. */
type Surroundings = Pick<Environment, 'registry' | 'folder' | 'dataDir' | 'note'>;

function commonOf(index: number, input: PlanInput, environment: Surroundings) {
  const decoder = input.format === null ? null : makeDecoder(input, environment);
  const many = environment.registry.formats.get(input.format?.name ?? '')?.rowsPerPayload === 'many';
  const watch = input.key.length === 0 || input.from.kind === 'exchange' || input.broadcast ? null : keyWatch(input, environment);
  return { index, plan: input, decoder, many, landing: null, openings: new Openings(), watch };
}

/** Opens an input that a connector reads for nodes. */
export async function openSource(index: number, input: PlanInput, plan: Plan, environment: Surroundings): Promise<OpenInput> {
  const { from } = input;
  if (from.kind !== 'connector')
    throw new MillraceError(`"${input.name}" is read from a topic`, { code: 'source-topic', domain: 'internal' });
  const reader = await openReader(input, from, plan, environment);
  return { ...commonOf(index, input, environment), topic: null, reader, partitions: reader.partitions.length, labels: reader.partitions };
}

async function openInput(
  index: number,
  input: PlanInput,
  plan: Plan,
  environment: Environment,
  topicName: (topic: string) => string,
): Promise<OpenInput> {
  const { from, landing } = input;
  const common = commonOf(index, input, environment);
  if (from.kind === 'connector') {
    if (landing && 'into' in landing) return { ...common, ...(await openLanding(input, from, topicName(landing.into), plan, environment)) };
    return openSource(index, input, plan, environment);
  }
  const topic = topicName(from.topic);
  const facts = await environment.log.describe(topic);
  if (!facts) {
    throw new MillraceError(`there is no topic "${topic}"`, {
      code: 'topic-missing',
      domain: 'user',
      node: input.name,
      remedy: 'create it, or let a sink of a pipeline write it first',
    });
  }
  if (input.partitions !== null && input.partitions !== facts.partitions) {
    throw new MillraceError(`topic "${topic}" has ${facts.partitions} partitions, the plan was made for ${input.partitions}`, {
      code: 'partitions-changed',
      domain: 'user',
      node: input.name,
    });
  }
  const labels = Array.from({ length: facts.partitions }, (_, p) => `${topic}/${p}`);
  return { ...common, topic, reader: null, partitions: facts.partitions, labels };
}

function keyWatch({ name, key }: PlanInput, { note }: Surroundings): KeyWatch {
  return new KeyWatch(key, ({ key: value, partitions }) =>
    note(
      `${name}: ${key.join(', ')} ${value.replaceAll('\u001f', ', ')} is in partitions ${partitions.join(' and ')}, though the source says ` +
        `\`key:\`; what is computed by it is computed in parts: leave \`key:\` out, and its rows are brought together`,
    ),
  );
}

/**
 * A source that is landed in a topic, which has a partition for each of its own. Where the source cannot be opened, as on a machine that
 * does not have its files, what is landed already can be read all the same: the fault shows when more is to be landed.
 */
async function openLanding(
  input: PlanInput,
  from: PlanConnector,
  landing: string,
  plan: Plan,
  environment: Environment,
): Promise<Pick<OpenInput, 'topic' | 'reader' | 'partitions' | 'labels' | 'landing'>> {
  const there = (await environment.log.describe(landing))?.partitions ?? input.partitions ?? 0;
  let reader: SourceReader;
  try {
    reader = await openReader(input, from, plan, environment);
  } catch (error) {
    reader = absentReader(there, inNode(error, sourceOf(input)));
  }
  if (reader.partitions.length !== there) {
    await reader.close();
    throw new MillraceError(`source "${sourceOf(input)}" has ${reader.partitions.length} partitions, its landing topic has ${there}`, {
      code: 'partitions-changed',
      domain: 'user',
      node: sourceOf(input),
      remedy: 'bring the source back as it was, or start from nothing with --lose-state',
    });
  }
  return { topic: null, reader, partitions: there, labels: reader.partitions, landing };
}

/** Stands for a source that cannot be opened here. */
function absentReader(partitions: number, error: MillraceError): SourceReader {
  return {
    partitions: Array.from({ length: partitions }, (_, p) => String(p)),
    start: () => Promise.reject(error),
    read: () => Promise.reject(error),
    ended: () => false,
    close: () => Promise.resolve(),
  };
}

/** The source of the file that an input belongs to. */
const sourceOf = ({ name, landing }: PlanInput): string => (landing && 'into' in landing ? name.replace(/\.land$/, '') : name);

type PlanConnector = Extract<PlanInput['from'], { readonly kind: 'connector' }>;

function makeDecoder(input: PlanInput, environment: Surroundings): Decoder {
  const format = environment.registry.formats.get(input.format?.name ?? '');
  if (!format)
    throw new MillraceError(`there is no format "${input.format?.name}"`, { code: 'format-unknown', domain: 'internal', node: input.name });
  return format.decoder(input.schema, input.format?.params);
}

function openReader(input: PlanInput, from: PlanConnector, plan: Plan, environment: Surroundings): Promise<SourceReader> {
  const source = environment.registry.connectors.get(from.connector)?.source;
  if (!source)
    throw new MillraceError(`connector "${from.connector}" is no source`, {
      code: 'connector-unknown',
      domain: 'internal',
      node: input.name,
    });
  return source.open(from.params, {
    pipeline: plan.pipeline,
    node: sourceOf(input),
    folder: environment.folder,
    dataDir: environment.dataDir,
    connection: from.connection,
    note: (line) => environment.note(`${sourceOf(input)}: ${line}`),
  });
}

/** A connector's chunk, decoded; one that is landed as it is. */
export function readOfChunk(input: OpenInput, chunk: SourceChunk): Read {
  if (input.landing === null) return decodedChunk(input, chunk, input.labels[chunk.partition] ?? input.plan.name);
  const { partition, from, to, batch, payloads } = chunk;
  const bytes = payloads ? payloads.bytes.byteLength : (batch?.numRows ?? 0) * 64;
  return { input: input.index, partition, from, to, batches: [], refused: [], marks: [], rows: to - from, bytes, landed: chunk };
}

function decodedChunk(input: OpenInput, chunk: SourceChunk, source: string): Read {
  const at = (position: number): RowOrigin => ({ source, partition: chunk.partition, offset: position, row: 0 });
  const base = { input: input.index, partition: chunk.partition, from: chunk.from, to: chunk.to, marks: [] };
  if (chunk.batch) {
    const rows = chunk.batch.numRows;
    return {
      ...base,
      batches: [{ batch: chunk.batch, origin: (row) => at(chunk.from + row), floorNs: null }],
      refused: [],
      rows,
      bytes: rows * 64,
    };
  }
  if (!chunk.payloads || !input.decoder) return { ...base, batches: [], refused: [], rows: 0, bytes: 0 };
  const decoded = input.decoder.decode(chunk.payloads);
  const payloadOf = (row: number): number => decoded.payloadOfRow?.[row] ?? row;
  const batches = decoded.batch
    ? [
        {
          batch: decoded.batch,
          origin: (row: number) => at(chunk.from + payloadOf(row)),
          floorNs: null,
          arrivals: arrivalsOf(chunk.payloads, decoded.batch.numRows, payloadOf),
        },
      ]
    : [];
  const refused = decoded.rejected ? [{ batch: decoded.rejected, origin: (payload: number) => at(chunk.from + payload) }] : [];
  const rows = (decoded.batch?.numRows ?? 0) + (decoded.rejected?.numRows ?? 0);
  return { ...base, batches, refused, rows, bytes: chunk.payloads.bytes.byteLength };
}

/** The record times of a batch's rows; absent where payloads have none. */
function arrivalsOf({ recvNs }: Payloads, rows: number, payloadOf: (row: number) => number): Arrivals | undefined {
  if (!recvNs) return undefined;
  return () => BigInt64Array.from({ length: rows }, (_, row) => recvNs[payloadOf(row)] as bigint);
}

/** Messages of a topic partition, decoded. Exchange messages are decoded one by one, since each has a floor of its own. */
export function readOfMessages(input: OpenInput, partition: number, from: number, messages: readonly Message[]): Read {
  const { landing } = input.plan;
  if (landing && 'from' in landing) return readOfLanded(input, partition, from, messages);
  const batches: ReadBatch[] = [];
  const refused: { batch: RecordBatch; origin: Origin }[] = [];
  const marks: Readonly<Record<string, string>>[] = [];
  const exchange = input.plan.from.kind === 'exchange';
  const single = exchange || input.many;
  let rows = 0;
  let bytes = 0;
  for (let i = 0, next = 0; i < messages.length; i = next) {
    next = single ? i + 1 : endOfWriter(messages, i);
    const group = messages.slice(i, next);
    const headers = (group[0] as Message).headers;
    if (exchange) marks.push(headers);
    if (exchange && (group[0] as Message).value.byteLength === 0) continue; // carries a watermark only
    const payloads = gatherPayloads(group);
    bytes += payloads.bytes.byteLength;
    if (!input.decoder) continue;
    const decoded = input.decoder.decode(payloads);
    const place = (payload: number, row: number): RowOrigin => ({
      source: input.topic ?? input.plan.name,
      partition,
      offset: (group[payload] as Message).offset,
      row,
    });
    const { payloadOfRow, rowInPayload } = decoded;
    if (decoded.batch) {
      const floor = headers[HEADER.floor];
      const origin: Origin = single
        ? (row) => place(0, rowInPayload?.[row] ?? row)
        : (row) => place(payloadOfRow?.[row] ?? row, rowInPayload?.[row] ?? 0);
      const writer = writerOf(headers);
      const floorNs = exchange && floor !== undefined ? BigInt(floor) : null;
      const arrivals = arrivalsOf(payloads, decoded.batch.numRows, single ? () => 0 : (row) => payloadOfRow?.[row] ?? row);
      batches.push({ batch: decoded.batch, origin, floorNs, arrivals, ...(writer === undefined ? {} : { writer }) });
      rows += decoded.batch.numRows;
    }
    if (decoded.rejected) {
      refused.push({ batch: decoded.rejected, origin: (payload) => place(payload, 0) });
      rows += decoded.rejected.numRows;
    }
  }
  const to = messages.length === 0 ? from : (messages[messages.length - 1] as Message).offset + 1;
  return { input: input.index, partition, from, to, batches, refused, marks, rows, bytes };
}

/** Landed messages, read as the source they come from: rows know their place in it. */
function readOfLanded(input: OpenInput, partition: number, from: number, messages: readonly Message[]): Read {
  const to = messages.length === 0 ? from : (messages[messages.length - 1] as Message).offset + 1;
  const chunks = messages.map((message) => landedChunk(message, partition, input.openings));
  const reads = chunks.flatMap((landed) => (landed === 'end' ? [] : [decodedChunk(input, landed.chunk, landed.label)]));
  return {
    input: input.index,
    partition,
    from,
    to,
    marks: [],
    batches: reads.flatMap(({ batches }) => batches),
    refused: reads.flatMap(({ refused }) => refused),
    rows: reads.reduce((sum, { rows }) => sum + rows, 0),
    bytes: reads.reduce((sum, { bytes }) => sum + bytes, 0),
    ended: chunks.includes('end'),
  };
}

/** Who wrote a message: a task, and where several of its ports write the topic which of them, as each has an order of its own. */
function writerOf(headers: Message['headers']): string | undefined {
  const [task, port] = [headers[HEADER.task], headers[HEADER.port]];
  return task === undefined || port === undefined ? task : `${task}/${port}`;
}

/** Where the run of messages by the writer of message `from` ends. */
function endOfWriter(messages: readonly Message[], from: number): number {
  const writer = writerOf((messages[from] as Message).headers);
  let to = from + 1;
  while (to < messages.length && writerOf((messages[to] as Message).headers) === writer) to++;
  return to;
}

/** The values of messages as one run of bytes; a single message is not copied. */
function gatherPayloads(messages: readonly Message[]): Payloads {
  const count = messages.length;
  const recvNs = new BigInt64Array(count);
  const offsets = new Int32Array(count + 1);
  let end = 0;
  for (let i = 0; i < count; i++) {
    const { value, timestampNs } = messages[i] as Message;
    recvNs[i] = timestampNs;
    end += value.byteLength;
    offsets[i + 1] = end;
  }
  const only = count === 1 ? (messages[0] as Message).value : null;
  if (only) return { bytes: only, offsets, recvNs };
  const bytes = new Uint8Array(end);
  for (let i = 0; i < count; i++) bytes.set((messages[i] as Message).value, offsets[i]);
  return { bytes, offsets, recvNs };
}

/** How long a paced source may keep back rows that it gave before, ms. */
const READ_AGAIN_MS = 60_000;

function gone(input: OpenInput, partition: number, from: number, to: number): MillraceError {
  return new MillraceError(`positions ${from} to ${to} of ${input.labels[partition]} are gone`, {
    code: 'input-gone',
    domain: 'external',
    node: input.plan.name,
    remedy: 'bring the input back as it was, or start from nothing with --lose-state',
  });
}

/** Reads exactly [from, to) again, for replay. */
export async function readAgain(input: OpenInput, log: Log, partition: number, from: number, to: number): Promise<Read[]> {
  if (input.topic !== null) {
    const messages: Message[] = [];
    for (const deadline = Date.now() + READ_AGAIN_MS; ; ) {
      const at = (messages.at(-1)?.offset ?? from - 1) + 1;
      for await (const message of log.scan(input.topic, partition, at, to)) messages.push(message);
      if (messages.at(-1)?.offset === to - 1) return [readOfMessages(input, partition, from, messages)];
      if (Date.now() > deadline) throw gone(input, partition, from, to);
      await new Promise((resolve) => setTimeout(resolve, 20)); // a range ends with a message that was seen, so it shows again
    }
  }
  const reads: Read[] = [];
  let deadline = Date.now() + READ_AGAIN_MS;
  for (let at = from; at < to; ) {
    const chunk = (await input.reader?.read(partition, at, to - at, 32 * 1024 * 1024)) ?? null;
    if (!chunk || chunk.to <= at) {
      if (input.reader?.ended(partition, at) !== false || Date.now() > deadline) {
        throw gone(input, partition, at, to);
      }
      await new Promise((resolve) => setTimeout(resolve, 20)); // paced
      continue;
    }
    reads.push(readOfChunk(input, chunk));
    at = chunk.to;
    deadline = Date.now() + READ_AGAIN_MS;
  }
  return reads;
}

import type { RecordBatch } from 'apache-arrow';
import type { Connection, SourceChunk, SourceReader } from '../contract/connector.ts';
import { MillraceError } from '../contract/error.ts';
import type { Decoder, Payloads } from '../contract/format.ts';
import type { Origin, RowOrigin } from '../contract/frame.ts';
import type { Log, Message } from '../contract/log.ts';
import type { Plan, PlanInput } from '../contract/plan.ts';
import type { Environment } from './environment.ts';
import { HEADER } from './exchange.ts';

/** Rows read together, already in columns. */
export interface ReadBatch {
  readonly batch: RecordBatch;
  readonly origin: Origin;
  /** Floor that an exchange message carries; null: the partition's own. */
  readonly floorNs: bigint | null;
  /** Which of several writers of the partition the rows come from. */
  readonly writer?: string;
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
}

/** Opens every input of a plan: describes topics, opens connectors, makes decoders. */
export async function openInputs(plan: Plan, environment: Environment, topicName: (topic: string) => string): Promise<OpenInput[]> {
  const opened: OpenInput[] = [];
  for (const [index, input] of plan.inputs.entries()) opened.push(await openInput(index, input, plan, environment, topicName));
  return opened;
}

async function openInput(
  index: number,
  input: PlanInput,
  plan: Plan,
  environment: Environment,
  topicName: (topic: string) => string,
): Promise<OpenInput> {
  const decoder = input.format === null ? null : makeDecoder(input, environment);
  const many = environment.registry.formats.get(input.format?.name ?? '')?.rowsPerPayload === 'many';
  const { from } = input;
  if (from.kind === 'connector') {
    const reader = await openReader(input, from, plan, environment);
    return { index, plan: input, topic: null, reader, partitions: reader.partitions.length, labels: reader.partitions, decoder, many };
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
  return { index, plan: input, topic, reader: null, partitions: facts.partitions, labels, decoder, many };
}

function makeDecoder(input: PlanInput, environment: Environment): Decoder {
  const format = environment.registry.formats.get(input.format?.name ?? '');
  if (!format)
    throw new MillraceError(`there is no format "${input.format?.name}"`, { code: 'format-unknown', domain: 'internal', node: input.name });
  return format.decoder(input.schema, input.format?.params);
}

function openReader(
  input: PlanInput,
  from: { readonly connector: string; readonly params: unknown; readonly connection: Connection | null },
  plan: Plan,
  environment: Environment,
): Promise<SourceReader> {
  const source = environment.registry.connectors.get(from.connector)?.source;
  if (!source)
    throw new MillraceError(`connector "${from.connector}" is no source`, {
      code: 'connector-unknown',
      domain: 'internal',
      node: input.name,
    });
  return source.open(from.params, {
    pipeline: plan.pipeline,
    node: input.name,
    folder: environment.folder,
    dataDir: environment.dataDir,
    connection: from.connection,
    note: (line) => environment.note(`${input.name}: ${line}`),
  });
}

/** A connector's chunk, decoded. */
export function readOfChunk(input: OpenInput, chunk: SourceChunk): Read {
  const source = input.labels[chunk.partition] ?? input.plan.name;
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
  const { payloadOfRow } = decoded;
  const batches = decoded.batch
    ? [{ batch: decoded.batch, origin: (row: number) => at(chunk.from + (payloadOfRow?.[row] ?? row)), floorNs: null }]
    : [];
  const refused = decoded.rejected ? [{ batch: decoded.rejected, origin: (payload: number) => at(chunk.from + payload) }] : [];
  const rows = (decoded.batch?.numRows ?? 0) + (decoded.rejected?.numRows ?? 0);
  return { ...base, batches, refused, rows, bytes: chunk.payloads.bytes.byteLength };
}

/** Messages of a topic partition, decoded. Exchange messages are decoded one by one, since each has a floor of its own. */
export function readOfMessages(input: OpenInput, partition: number, from: number, messages: readonly Message[]): Read {
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
      const writer = headers[HEADER.task];
      const floorNs = exchange && floor !== undefined ? BigInt(floor) : null;
      batches.push({ batch: decoded.batch, origin, floorNs, ...(writer === undefined ? {} : { writer }) });
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

/** Where the run of messages by the writer of message `from` ends. */
function endOfWriter(messages: readonly Message[], from: number): number {
  const writer = (messages[from] as Message).headers[HEADER.task];
  let to = from + 1;
  while (to < messages.length && (messages[to] as Message).headers[HEADER.task] === writer) to++;
  return to;
}

/** The values of messages as one run of bytes; a single message is not copied. */
function gatherPayloads(messages: readonly Message[]): Payloads {
  const recvNs = BigInt64Array.from(messages, (m) => m.timestampNs);
  const offsets = new Int32Array(messages.length + 1);
  messages.forEach((m, i) => {
    offsets[i + 1] = (offsets[i] as number) + m.value.byteLength;
  });
  const only = messages.length === 1 ? (messages[0] as Message).value : null;
  if (only) return { bytes: only, offsets, recvNs };
  const bytes = new Uint8Array(offsets[messages.length] as number);
  messages.forEach((m, i) => {
    bytes.set(m.value, offsets[i]);
  });
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

import { inNode, type MillraceError } from '../contract/error.ts';
import type { Log, Position } from '../contract/log.ts';
import type { SourceView } from '../contract/view.ts';
import { type OpenInput, type Read, readOfChunk, readOfMessages } from './inputs.ts';
import type { Task, TaskInput } from './task.ts';

/** What one round may hold, over all tasks. */
const ROUND_CREDIT = { rows: 262_144, bytes: 48 * 1024 * 1024, messages: 20_000 };
/** How long one round goes on reading a source that has more, ms. */
const READ_MS = 20;
/** Least and most wait before a source that failed is read again, ms. */
const READ_BACKOFF_MS = { least: 50, most: 5_000 };
/** A round of this many rows is taken as a sign that more is waiting. */
const BACKLOG_ROWS = 32_768;

/** What a round reads. */
export interface Fetched {
  /** In the order the rows will be pushed. */
  readonly reads: ReadonlyMap<Task, readonly Read[]>;
  /** More was there than the round may hold. */
  readonly backlog: boolean;
  /** Tasks one of whose sources cannot be read, and no later try will mend it. */
  readonly broken: ReadonlyMap<Task, MillraceError>;
}

/** Rows for the next round, by task, about as many as `most` at most. Waits at most `waitMs` when there are none. */
export async function fetch(
  log: Log,
  pipeline: string,
  tasks: readonly Task[],
  waitMs: number,
  most: number,
  note: (line: string) => void,
): Promise<Fetched> {
  const reads = new Map<Task, Read[]>(tasks.map((task) => [task, []]));
  const readers = tasks.flatMap((task) => task.inputs.filter((i) => i.input.reader && !i.ingest.ended).map((input) => ({ task, input })));
  const broken = new Map<Task, MillraceError>();
  let rows = 0;
  let more = false;
  for (const { task, input } of readers) {
    const share = {
      rows: Math.max(Math.min(1024, most), Math.floor(Math.min(ROUND_CREDIT.rows, most) / readers.length)),
      bytes: Math.floor(ROUND_CREDIT.bytes / readers.length),
    };
    const got = await readConnector(input, share, READ_MS / readers.length);
    if (got.error) {
      if (got.error.retry === 'never') broken.set(task, got.error);
      else waitFor(input, got.error, note);
    } else if (got.reads.length > 0) input.trouble = null;
    reads.get(task)?.push(...got.reads);
    for (const read of got.reads) rows += read.to - read.from;
    more ||= got.more;
  }
  const positions = positionsOf(tasks);
  if (positions.length > 0) {
    const credit = { messages: Math.min(ROUND_CREDIT.messages, most), bytes: ROUND_CREDIT.bytes, waitMs: rows > 0 ? 0 : waitMs };
    for (const { topic, partition, messages } of await log.poll(`millrace.${pipeline}`, positions, credit)) {
      for (const task of tasks) {
        const input = task.inputs.find((i) => i.input.topic === topic && i.partition === partition);
        const own = input ? messages.filter((m) => m.offset >= input.position) : [];
        if (!input || own.length === 0) continue;
        const read = readOfMessages(input.input, partition, input.position, own);
        rows += read.rows;
        reads.get(task)?.push(read);
      }
    }
  } else if (rows === 0 && waitMs > 0) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  for (const list of reads.values()) list.sort((a, b) => a.input - b.input || a.partition - b.partition || a.from - b.from);
  return { reads, backlog: more || rows >= Math.min(BACKLOG_ROWS, most), broken };
}

/** Puts the next try off, longer each time; says so once. */
function waitFor(input: TaskInput, error: MillraceError, note: (line: string) => void): void {
  const attempts = (input.trouble?.attempts ?? 0) + 1;
  const ms = Math.min(READ_BACKOFF_MS.most, READ_BACKOFF_MS.least * 2 ** Math.min(attempts - 1, 10));
  if (attempts === 1) note(`${input.input.plan.name}: ${error.message}${error.remedy ? ` (${error.remedy})` : ''}; trying again`);
  input.trouble = { error, attempts, untilMs: performance.now() + ms };
}

/**
 * Reads on until the share is used up, the time is over or nothing is there; `more` unless nothing was. An error ends it; behind rows
 * that were read it is left to the next call.
 */
async function readConnector(
  input: TaskInput,
  share: { rows: number; bytes: number },
  ms: number,
): Promise<{ reads: Read[]; more: boolean; error: MillraceError | null }> {
  const { reader } = input.input;
  const reads: Read[] = [];
  if (input.trouble && input.trouble.untilMs > performance.now()) return { reads, more: false, error: null };
  const until = performance.now() + ms;
  let { rows, bytes } = share;
  let at = input.position;
  while (reader && rows > 0 && bytes > 0) {
    try {
      const chunk = await reader.read(input.partition, at, rows, bytes);
      if (!chunk || chunk.to <= at) return { reads, more: false, error: null };
      const read = readOfChunk(input.input, chunk);
      reads.push(read);
      at = chunk.to;
      rows -= chunk.to - chunk.from;
      bytes -= read.bytes;
    } catch (cause) {
      return { reads, more: false, error: reads.length > 0 ? null : inNode(cause, input.input.plan.name) };
    }
    if (performance.now() > until) break;
  }
  return { reads, more: true, error: null };
}

/** Topic positions of all tasks; a partition that several tasks read is fetched from the furthest back. */
function positionsOf(tasks: readonly Task[]): Position[] {
  const least = new Map<string, Position>();
  for (const position of tasks.flatMap((task) => task.positions())) {
    const key = `${position.topic}/${position.partition}`;
    const known = least.get(key);
    if (!known || position.offset < known.offset) least.set(key, position);
  }
  return [...least.values()];
}

const healthOf = ({ input, partition }: TaskInput) => {
  const health = input.reader?.health?.(partition);
  return health ? { health } : {};
};

/** Positions and lag of the sources (not the exchanges), for the status endpoint. */
export async function sourceViews(log: Log, inputs: readonly OpenInput[], tasks: readonly Task[]): Promise<SourceView[]> {
  const views: SourceView[] = [];
  for (const input of inputs) {
    if (input.plan.from.kind === 'exchange') continue;
    const facts = input.topic === null ? null : await log.describe(input.topic);
    const parts = tasks.flatMap((task) => task.inputs.filter((i) => i.input === input));
    views.push({
      name: input.plan.name,
      use: input.plan.from.kind === 'connector' ? input.plan.from.connector : 'topic',
      partitions: parts.map((part) => ({
        partition: part.partition,
        label: input.labels[part.partition] ?? String(part.partition),
        position: part.position,
        lag: facts ? Math.max(0, (facts.ranges[part.partition]?.high ?? 0) - part.position) : null,
        idle: part.ingest.idle,
        ended: part.ingest.ended,
        ...healthOf(part),
      })),
      misplaced: input.watch?.misplaced ?? null,
    });
  }
  return views;
}

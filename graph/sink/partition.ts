import type { Block, RefusedRow, SinkDeclaration, SinkWriter } from '../contract/connector.ts';
import { inNode, type MillraceError } from '../contract/error.ts';
import type { Intent, Log, Message, Outgoing } from '../contract/log.ts';
import type { PlanSink } from '../contract/plan.ts';
import type { BlockBuilder } from './gather.ts';
import type { Letters } from './letters.ts';

/** What the partitions of a sink share. */
export interface SinkRun {
  readonly sink: PlanSink;
  readonly log: Log;
  /** The topic as it is named in the log. */
  readonly topic: string;
  readonly writer: SinkWriter;
  readonly block: SinkDeclaration['block'];
  /** For the rows that the system refuses; null where they have nowhere to go, and so stop the sink. */
  readonly letters: Letters | null;
  /** A fresh builder for a partition. */
  builder(partition: number): BlockBuilder;
  /** True once the sink is to stop: `drain` after all that is there is written, `now` at once. */
  stopping(): 'no' | 'drain' | 'now';
  wrote(builder: BlockBuilder, refused: readonly RefusedRow[]): void;
  queued(partition: number, rows: number): void;
  failed(error: MillraceError): void;
  recovered(): void;
}

/** Least and most wait between two tries of a write, ms. */
const BACKOFF_MS = { least: 100, most: 10_000 };
/** What one poll may bring. */
const POLL = { messages: 2_000, bytes: 16 * 1024 * 1024 };
/** Longest wait of one poll, ms: how late a stop may be noticed. */
const POLL_MS = 50;
/** An acknowledgement without a following block is made after this, ms. */
const IDLE_ACK_MS = 1_000;

const NOTHING: readonly Outgoing[] = [];

/** Token of the announcement that a sink begins with. */
export const FIRST = 'first';

/** The sink is to stop before its block could be written. */
class Stopped extends Error {}

/** Consumes one partition: intent, write, acknowledge. Ends when told to stop; throws errors that no retry mends. */
export async function consumePartition(run: SinkRun, partition: number): Promise<void> {
  try {
    await consume(run, partition);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
}

async function consume(run: SinkRun, partition: number): Promise<void> {
  const { log, topic, sink } = run;
  const pending = await log.pending(sink.group, topic, partition);
  let position = pending?.to ?? (await log.describe(topic))?.ranges[partition]?.low ?? 0;
  let acknowledged = pending?.from ?? position;
  /** What the last block left behind: it is sent with its acknowledgement. */
  let left = pending && pending.to > pending.from ? await settle(run, partition, pending) : NOTHING;
  /** Nothing is known of former blocks, maybe since what was announced has expired: looks before it writes, until one is missing. */
  const memory = { isLost: pending === null || pending.token === FIRST };
  let builder = run.builder(partition);
  let lastWriteAt = 0; // the first rows, and rows after a lull, are written at once
  for (;;) {
    const stopping = run.stopping();
    if (stopping === 'now') return;
    const waited = builder.range.from < 0 ? 0 : Date.now() - lastWriteAt;
    const full = builder.rows >= run.block.rows || builder.bytes >= run.block.bytes || waited >= run.block.ms;
    if (!full) {
      const waitMs = Math.min(POLL_MS, builder.range.from < 0 ? POLL_MS : Math.max(1, run.block.ms - waited));
      const next = builder.range.from < 0 ? position : builder.range.to;
      const fetched = await log.poll(`${sink.group}/${partition}`, [{ topic, partition, offset: next }], { ...POLL, waitMs });
      const messages = fetched[0]?.messages ?? [];
      if (messages.length > 0) {
        const added = addAll(builder, messages, run.block);
        run.queued(partition, builder.rows);
        if (added === 'full') {
          left = await writeBlock(run, partition, builder, position, left, memory);
          ({ acknowledged, position } = { acknowledged: position, position: builder.range.to });
          lastWriteAt = Date.now();
          builder = run.builder(partition);
        }
        continue;
      }
      if (stopping === 'drain' && !(await isAtEnd(run, partition, next))) continue;
      if (builder.range.from < 0) {
        if (stopping === 'drain' || Date.now() - lastWriteAt > IDLE_ACK_MS) {
          if (position > acknowledged) await acknowledge(run, partition, position, left);
          left = NOTHING;
          acknowledged = position;
        }
        if (stopping === 'drain') return;
        continue;
      }
      if (stopping !== 'drain' && Date.now() - lastWriteAt < run.block.ms) continue;
    }
    left = await writeBlock(run, partition, builder, position, left, memory);
    ({ acknowledged, position } = { acknowledged: position, position: builder.range.to });
    lastWriteAt = Date.now();
    builder = run.builder(partition);
  }
}

/** Whether nothing of the topic follows the offset. */
async function isAtEnd({ log, topic }: SinkRun, partition: number, offset: number): Promise<boolean> {
  return offset >= ((await log.describe(topic))?.ranges[partition]?.high ?? 0);
}

/** Adds messages up to the block's limits; `full` when the rest belongs to a later block (it is read again). */
function addAll(builder: BlockBuilder, messages: readonly Message[], limit: SinkDeclaration['block']): 'all' | 'full' {
  for (const message of messages) {
    if (builder.rows >= limit.rows || builder.bytes >= limit.bytes || !builder.add(message)) return 'full';
  }
  return builder.rows >= limit.rows || builder.bytes >= limit.bytes ? 'full' : 'all';
}

/**
 * Announces the block, which acknowledges the one before with what that left behind, then writes it until it is there. Gives what this
 * one leaves behind.
 */
async function writeBlock(
  run: SinkRun,
  partition: number,
  builder: BlockBuilder,
  from: number,
  left: readonly Outgoing[],
  memory: { isLost: boolean },
): Promise<readonly Outgoing[]> {
  const { to } = builder.range;
  const block = builder.block();
  const token = tokenOf(block);
  const { log, sink, topic } = run;
  if ((await log.intent(sink.group, topic, partition, { from, to, token, rows: block.rows }, left)) === 'fenced') throw new Stopped();
  const write = async (refuse?: (row: RefusedRow) => void): Promise<void> => {
    if (memory.isLost) {
      if (await alreadyThere(run, block)) return;
      memory.isLost = false;
    }
    await run.writer.write(block, token, refuse);
  };
  const refused = block.rows > 0 ? await untilDone(run, write, block) : [];
  return done(run, partition, builder, block, refused);
}

/** A block announced before a restart: looks first, writes what is missing. Gives what it leaves behind. */
async function settle(run: SinkRun, partition: number, pending: Intent): Promise<readonly Outgoing[]> {
  const builder = run.builder(partition);
  for await (const message of run.log.scan(run.topic, partition, pending.from, pending.to)) builder.add(message);
  const block = builder.block();
  if (block.rows === 0) return NOTHING;
  run.queued(partition, block.rows);
  const write = async (refuse?: (row: RefusedRow) => void): Promise<void> => {
    if (!(await alreadyThere(run, block))) await run.writer.write(block, pending.token, refuse);
  };
  return done(run, partition, builder, block, await untilDone(run, write, block));
}

/** Counts a block that is written; its refused rows as messages. */
function done(run: SinkRun, partition: number, builder: BlockBuilder, block: Block, refused: readonly RefusedRow[]): readonly Outgoing[] {
  run.queued(partition, 0);
  run.wrote(builder, refused);
  return refused.length === 0 || !run.letters ? NOTHING : run.letters.messages(block, partition, refused);
}

/** Whether the block is there; what a broken write left of it is removed. */
async function alreadyThere(run: SinkRun, block: Block): Promise<boolean> {
  const found = await run.writer.has(block);
  if (found === 'partial') await run.writer.remove(block);
  return found === 'all';
}

/**
 * Tries until it works, with back-off; after a failure the outcome is unknown, so it looks before it writes again. Gives the rows that
 * were refused.
 */
async function untilDone(
  run: SinkRun,
  write: (refuse?: (row: RefusedRow) => void) => Promise<void>,
  block: Block,
): Promise<readonly RefusedRow[]> {
  for (let attempt = 0; ; attempt++) {
    const refused: RefusedRow[] = [];
    try {
      if (attempt > 0) {
        await run.writer.ensure();
        if (await alreadyThere(run, block)) return recovered(run, refused);
      }
      await write(run.letters ? (row) => refused.push(row) : undefined);
      return recovered(run, refused);
    } catch (cause) {
      const error = inNode(cause, run.sink.name);
      run.failed(error);
      if (error.retry !== 'backoff') throw error;
      await pause(run, Math.min(BACKOFF_MS.most, BACKOFF_MS.least * 2 ** Math.min(attempt, 10)));
    }
  }
}

function recovered(run: SinkRun, refused: readonly RefusedRow[]): readonly RefusedRow[] {
  run.recovered();
  return refused;
}

/** Waits, but not once the sink is to stop at once. */
async function pause(run: SinkRun, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    if (run.stopping() === 'now') throw new Stopped();
    await new Promise((resolve) => setTimeout(resolve, Math.min(100, left)));
  }
}

async function acknowledge(run: SinkRun, partition: number, position: number, left: readonly Outgoing[]): Promise<void> {
  const intent = { from: position, to: position, token: '', rows: 0 };
  if ((await run.log.intent(run.sink.group, run.topic, partition, intent, left)) === 'fenced') throw new Stopped();
}

/** Deduplication token: the same rows always have the same. */
function tokenOf(block: Block): string {
  return `${block.src}/${block.fromSeq}-${block.toSeq}`;
}

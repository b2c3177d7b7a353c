import type { StartAt } from '../contract/connector.ts';
import { MillraceError } from '../contract/error.ts';
import type { Log, Root } from '../contract/log.ts';
import type { Environment } from './environment.ts';
import { type OpenInput, type Read, readAgain } from './inputs.ts';
import { decodeEntry, encodeEntry, type JournalEntry, rootOf } from './journal.ts';
import { commitPatiently, patiently } from './patient.ts';
import type { StateOf } from './snapshot.ts';
import type { Task, TaskInput } from './task.ts';

/** How long the journal record of the root's epoch may take to show, ms: longer than a transaction takes to be decided. */
const JOURNAL_WAIT_MS = 20_000;

export interface RecoveryOptions {
  readonly environment: Environment;
  readonly pipeline: string;
  readonly journal: string;
  readonly inc: string;
  readonly planHash: string;
  /** True once the pipeline is to stop. */
  leaving(): boolean;
  readonly stateOf: StateOf;
}

/** Brings a fresh task to where the log says it stood: nothing yet (epoch 0), or its last snapshot and the epochs after it. */
export async function recoverTask(task: Task, options: RecoveryOptions): Promise<void> {
  const { log } = options.environment;
  const root = await log.root(options.pipeline, task.task);
  if (!root || root.inc !== options.inc) {
    await begin(task, options);
    return;
  }
  const from = await restoreSnapshot(task, root, options);
  for (let deadline = Date.now() + JOURNAL_WAIT_MS; task.epoch < root.epoch; ) {
    const before = task.epoch;
    for await (const entry of entriesAfter(log, options, task.task, from, task.epoch, root.epoch)) await replay(task, entry, options);
    if (task.epoch > before) deadline = Date.now() + JOURNAL_WAIT_MS;
    if (task.epoch === root.epoch || Date.now() > deadline) break;
    await new Promise((resolve) => setTimeout(resolve, 20)); // the root can show before the journal record does
  }
  if (task.epoch !== root.epoch) {
    throw new MillraceError(`the journal of task ${task.task} ends at epoch ${task.epoch}, its root says ${root.epoch}`, {
      code: 'journal-short',
      domain: 'external',
      remedy: 'the log lost records; start from nothing with --lose-state',
    });
  }
  task.root = root;
  const fresh = task.inputs.filter((i) => !i.known);
  for (const input of fresh) input.position = await startPosition(log, input);
  task.fresh = fresh;
  task.resumed = true;
  task.due ||= fresh.length > 0;
}

/** Epoch 0: start positions are resolved once and committed, so that a restart cannot resolve `latest` anew. */
async function begin(task: Task, options: RecoveryOptions): Promise<void> {
  const { environment } = options;
  for (const input of task.inputs) input.position = await startPosition(environment.log, input);
  const entry: JournalEntry = {
    v: 1,
    inc: options.inc,
    epoch: 0,
    plan: options.planHash,
    clockNs: environment.clock(),
    reads: [],
    ended: [],
    start: task.inputs.map((i) => [i.input.plan.name, i.partition, i.position] as const),
  };
  const root = rootOf(entry, null, false);
  const share = { task: task.task, epoch: 0, entry: encodeEntry(entry), root, reads: task.positions() };
  const round = { pipeline: options.pipeline, journal: options.journal, tasks: [share], messages: [] };
  for (;;) {
    const result = await commitPatiently(environment.log, round);
    if (result === 'committed') break;
    if (result === 'fenced')
      throw new MillraceError(`task ${task.task} was taken over while it started`, {
        code: 'fenced',
        domain: 'external',
        retry: 'backoff',
      });
    if ((await environment.log.root(options.pipeline, task.task))?.inc === options.inc) break;
    if (options.leaving())
      throw new MillraceError(`task ${task.task} was stopped before it had begun`, { code: 'stopped', domain: 'external' });
  }
  task.epoch = 0;
  task.clockNs = entry.clockNs;
  task.root = root;
}

/** The offset that `start:` means now. */
async function startPosition(log: Log, input: TaskInput): Promise<number> {
  const { input: open, partition } = input;
  const start: StartAt = open.plan.start;
  if (open.reader) return open.reader.start(partition, start);
  const facts = open.topic === null ? null : await log.describe(open.topic);
  const range = facts?.ranges[partition] ?? { low: 0, high: 0 };
  if (start === 'earliest') return range.low;
  if (start === 'latest') return range.high;
  for await (const message of log.scan(open.topic ?? '', partition, range.low, range.high)) {
    if (message.timestampNs >= start.instantNs) return message.offset;
  }
  return range.high;
}

/** Restores the snapshot the root points at; returns the journal offset to go on from. */
async function restoreSnapshot(task: Task, root: Root, options: RecoveryOptions): Promise<number> {
  if (!root.snap) return 0;
  const chunks = await options.environment.log.getState(options.pipeline, task.task, root.snap.reference);
  if (!chunks) {
    throw new MillraceError(`the snapshot of task ${task.task} at epoch ${root.snap.epoch} is missing or damaged`, {
      code: 'state-lost',
      domain: 'external',
      remedy: 'start from nothing with --lose-state',
    });
  }
  task.restore(chunks, options.stateOf);
  return root.snap.journalFrom;
}

/** Journal entries of this incarnation with `after` < epoch <= `to`, which must be contiguous. */
async function* entriesAfter(
  log: Log,
  options: RecoveryOptions,
  task: number,
  from: number,
  after: number,
  to: number,
): AsyncGenerator<JournalEntry> {
  const facts = await log.describe(options.journal);
  const range = facts?.ranges[task] ?? { low: 0, high: 0 };
  let expected = after + 1;
  if (expected > to) return;
  for await (const message of log.scan(options.journal, task, Math.max(from, range.low), range.high)) {
    const entry = decodeEntry(message.value);
    if (entry.inc !== options.inc || entry.epoch <= after || entry.epoch > to) continue;
    if (entry.epoch !== expected) {
      throw new MillraceError(`the journal of task ${task} lacks epoch ${expected}`, { code: 'journal-gap', domain: 'external' });
    }
    expected++;
    yield entry;
  }
}

/** Runs a journalled epoch again; its outputs were written before. */
async function replay(task: Task, entry: JournalEntry, options: RecoveryOptions): Promise<void> {
  if (entry.start) {
    for (const [name, partition, position] of entry.start) {
      const input = task.inputs.find((i) => i.input.plan.name === name && i.partition === partition);
      if (input) {
        input.position = position;
        input.known = true;
      }
    }
  }
  if (entry.epoch === 0) {
    task.epoch = 0;
    task.clockNs = entry.clockNs;
    return;
  }
  const reads: Read[] = [];
  for (const [name, partition, from, to] of entry.reads) {
    const input = task.inputs.find((i) => i.input.plan.name === name && i.partition === partition);
    if (!input)
      throw new MillraceError(`the journal names input "${name}", which the plan lacks`, { code: 'journal-foreign', domain: 'internal' });
    const { log, note } = options.environment;
    input.known = true;
    if (input.input.landing !== null) continue; // it is in the topic, and nothing else was made of it
    reads.push(...(await patiently(() => readAgain(input.input as OpenInput, log, partition, from, to), note, options.leaving)));
  }
  task.run(entry, reads);
  for (const [name, partition, , to] of entry.reads) {
    const input = task.inputs.find((i) => i.input.plan.name === name && i.partition === partition);
    if (input) input.position = to;
  }
  task.discard();
}

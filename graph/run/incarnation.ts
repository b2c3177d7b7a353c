import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { plansTopic } from '../contract/engine-topics.ts';
import { MillraceError } from '../contract/error.ts';
import type { Log, TopicSpec } from '../contract/log.ts';
import type { Plan } from '../contract/plan.ts';
import { type PlanRecord, planRecordPath } from '../contract/plan-record.ts';
import { type StateChange, stateChange } from '../contract/state-change.ts';
import type { Environment } from './environment.ts';
import { changedTexts, currentPaths, keptTexts, type NamedTexts, textsInForce } from './named-texts.ts';
import { commitPatiently } from './patient.ts';
import type { StateOf } from './snapshot.ts';

/** Under which identity a pipeline runs, and which state fits its plan. */
export interface Incarnation {
  readonly inc: string;
  readonly stateOf: StateOf;
  /** Texts of the files that operators name: those that its epochs were, and will be, computed with. */
  readonly texts: NamedTexts;
}

const topicOf = (plan: Plan): string => plansTopic(plan.pipeline);

/** The topic that holds the record; its writer holds the lease of the journal. */
export function planTopic(plan: Plan): TopicSpec {
  return { topic: topicOf(plan), partitions: 1, kind: 'journal', retentionMs: null, latest: true };
}

/** Who settles where several processes run one pipeline: the one that may write the record; the others wait for it. */
export interface Settler {
  isWriter(): boolean;
  /** No other process has a task. */
  isAlone(): boolean;
  leaving(): boolean;
}

/** How long another process may take to leave before state is left behind, ms; one that died is noticed well before. */
const ALONE_MS = 30_000;
/** Time between two looks for the record that another process writes, ms. */
const WAIT_MS = 100;

/**
 * Continues the incarnation the log knows, or mints one where state starts from nothing. Refuses to lose state unless told to. `here`
 * are the texts of named files on this machine: they count from a clean stop on, since epochs are replayed with those they were made with.
 */
export async function settleIncarnation(plan: Plan, here: NamedTexts, environment: Environment, settler: Settler): Promise<Incarnation> {
  const { log } = environment;
  const ids = await topicIdsOf(plan, log);
  let last = await lastRecord(log, topicOf(plan));
  while (last?.plan !== plan.hash && !settler.isWriter()) {
    if (settler.leaving()) throw stopped(plan);
    const before = last;
    const runs = before !== null && (await isOpen(before, plan, environment));
    last = await lastRecord(log, topicOf(plan));
    if (before && runs && last?.plan === before.plan && !environment.loseState) throw otherPlan(before, plan);
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
  last = await lastRecord(log, topicOf(plan)); // another may have written it before it handed task 0 over
  if (!last) {
    await refuseForgotten(plan, environment);
    return begin(plan, here, environment, ids);
  }
  if (!environment.loseState) refuseOtherTopics(last, plan, ids);
  const isFitting = last.plan === plan.hash && samePartitions(last, plan) && otherTopic(last, ids) === null;
  if (isFitting && !losesFitting(plan, environment, settler)) {
    last = await withTexts(last, here, plan, environment, ids, settler);
    await writeCopy(last, plan, environment);
    return { inc: last.inc, stateOf: stateUnder(last), texts: last.files ? textsInForce(last.files, here, plan) : here };
  }
  if (environment.loseState) {
    await alone(plan, settler);
    environment.note('the state found is left behind (--lose-state)');
    return begin(plan, here, environment, ids);
  }
  const changes = stateChange(last.nodes, plan);
  await refuseWhatIsLost(last, changes, plan, environment);
  const kept = changes.filter(({ change }) => change === 'keeps').map(({ node, was }) => [node, was ?? node] as const);
  const record = await write(plan, here, environment, last.inc, ids, { plan: last.plan, kept });
  return { inc: last.inc, stateOf: stateUnder(record), texts: here };
}

/** Whether state that fits the plan is to be left behind too; says where it is not, though asked. */
function losesFitting({ pipeline }: Plan, { loseState, isWorker, note }: Environment, settler: Settler): boolean {
  if (!loseState) return false;
  if (!isWorker && settler.isWriter()) return true;
  note(
    `${pipeline}: its state fits the file and other processes may run on it, so it is kept; to start from nothing, stop them all and start one process with --lose-state`,
  );
  return false;
}

/**
 * The record with the texts to run with: after a clean stop those of this machine, else those it has. Of several processes the one that
 * may write the record decides; the others wait until it did, or until it runs.
 */
async function withTexts(
  last: PlanRecord,
  here: NamedTexts,
  plan: Plan,
  environment: Environment,
  ids: PlanRecord['topics'],
  settler: Settler,
): Promise<PlanRecord> {
  const now = currentPaths(plan);
  for (const path of changedTexts(here, last.files ?? {}).filter((one) => now.has(one)))
    environment.note(`"${path}" changed since this run began, and counts from here on`);
  for (let record = last; ; record = (await lastRecord(environment.log, topicOf(plan))) ?? record) {
    const changed = changedTexts(here, record.files ?? {}).filter((path) => !now.has(path));
    if (changed.length === 0) return record;
    if (await isOpen(record, plan, environment)) {
      const files = changed.map((path) => `"${path}"`).join(', ');
      environment.note(
        `${files} changed since this run began, which goes on with what it was: stop with Ctrl-C and start again to take it over`,
      );
      return record;
    }
    if (settler.isWriter()) return write(plan, here, environment, record.inc, ids, record.before);
    if (settler.leaving()) throw stopped(plan);
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}

/** A task that has a root was begun: without the record of its incarnation its state would be left behind unasked. */
async function refuseForgotten(plan: Plan, { log, loseState }: Environment): Promise<void> {
  if (loseState) return;
  for (let task = 0; task < plan.tasks; task++) {
    if (!(await log.root(plan.pipeline, task))) continue;
    throw new MillraceError(`topic "${topicOf(plan)}" has lost the record under which pipeline "${plan.pipeline}" ran`, {
      code: 'state-lost',
      domain: 'external',
      remedy: 'bring the topic back, or start from nothing with --lose-state',
    });
  }
}

/** Whether a task of a record's incarnation was not stopped on purpose: another process runs it, or it broke off. */
async function isOpen(record: PlanRecord, plan: Plan, { log }: Environment): Promise<boolean> {
  for (let task = 0; task < record.tasks; task++) {
    const root = await log.root(plan.pipeline, task);
    if (root?.inc === record.inc && !root.closed) return true;
  }
  return false;
}

/** `plan` is the one of this process. A name is all that tells pipelines of several files on one broker apart. */
function mismatch(plan: Plan, message: string, remedy: string): MillraceError {
  const rename = `where "${plan.pipeline}" on this broker is the pipeline of another file, rename yours`;
  return new MillraceError(message, { code: 'plan-mismatch', domain: 'user', remedy: `${remedy}; ${rename}` });
}

function otherPlan({ plan: former }: PlanRecord, plan: Plan): MillraceError {
  return mismatch(
    plan,
    `another process runs the pipeline under plan ${former.slice(0, 8)}, or it was not stopped cleanly`,
    'stop every process of the former file with Ctrl-C, then start them with this one',
  );
}

/** Topics of others that a plan reads, by source. */
function foreignTopics(plan: Plan): readonly { readonly name: string; readonly topic: string; readonly partitions: number | null }[] {
  return plan.inputs.flatMap(({ name, from, landing, partitions }) =>
    from.kind === 'topic' && !landing ? [{ name, topic: from.topic, partitions }] : [],
  );
}

/** Partitions of the topics of others that a plan reads, by source; of those that were looked up. */
function partitionsOf(plan: Plan): Readonly<Record<string, number>> {
  return Object.fromEntries(
    foreignTopics(plan).flatMap(({ name, partitions }) => (partitions === null ? [] : [[name, partitions] as const])),
  );
}

/** What tells topics of one name apart, by that name; of those that are there, on a log that has such. */
async function topicIdsOf(plan: Plan, log: Log): Promise<Readonly<Record<string, string>>> {
  const ids: Record<string, string> = {};
  for (const { topic } of foreignTopics(plan)) {
    const id = (await log.describe(topic))?.id;
    if (id !== undefined) ids[topic] = id;
  }
  return ids;
}

/** A topic that has been made anew under its name since state was made, or null. */
function otherTopic(last: PlanRecord, ids: Readonly<Record<string, string>>): string | null {
  return Object.keys(ids).find((topic) => last.topics?.[topic] !== undefined && last.topics[topic] !== ids[topic]) ?? null;
}

function changedPartitions(last: PlanRecord, plan: Plan): { readonly name: string; readonly before: number; readonly now: number } | null {
  for (const [name, now] of Object.entries(partitionsOf(plan))) {
    const before = last.partitions?.[name];
    if (before !== undefined && before !== now) return { name, before, now };
  }
  return null;
}

const samePartitions = (last: PlanRecord, plan: Plan): boolean => changedPartitions(last, plan) === null;

/** Positions mean nothing in a topic that was made anew; and keys move to other partitions when a topic grows, their state does not. */
function refuseOtherTopics(last: PlanRecord, plan: Plan, ids: Readonly<Record<string, string>>): void {
  const sources = foreignTopics(plan);
  const anew = otherTopic(last, ids);
  if (anew !== null) {
    const node = sources.find(({ topic }) => topic === anew)?.name;
    throw new MillraceError(`topic "${anew}" was deleted and made anew since the state was made`, {
      code: 'topic-recreated',
      domain: 'user',
      ...(node === undefined ? {} : { node }),
      remedy: 'start from nothing with --lose-state, which reads the new topic as start: says',
    });
  }
  const changed = changedPartitions(last, plan);
  if (!changed) return;
  const { name, before, now } = changed;
  const topic = sources.find((source) => source.name === name)?.topic;
  throw new MillraceError(`topic "${topic}" has ${now} partitions, and the state was made with ${before}`, {
    code: 'partitions-changed',
    domain: 'user',
    node: name,
    remedy: 'start from nothing with --lose-state, or read a topic that was copied with the new number',
  });
}

/** Waits until no other process has a task of the pipeline: what it runs would be left behind under it. */
async function alone(plan: Plan, settler: Settler): Promise<void> {
  for (const until = Date.now() + ALONE_MS; !settler.isAlone(); ) {
    if (settler.leaving()) throw stopped(plan);
    if (Date.now() > until) {
      throw new MillraceError(`another process runs pipeline "${plan.pipeline}": its state cannot be left behind`, {
        code: 'pipeline-shared',
        domain: 'user',
        remedy: 'stop the other processes, then start one with --lose-state before the rest',
      });
    }
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}

function stopped(plan: Plan): MillraceError {
  return new MillraceError(`${plan.pipeline} was stopped before it had begun`, { code: 'stopped', domain: 'external' });
}

/** Where the plan of a record finds its state: in snapshots of its own by the same names, in those of the plan before by the edit's. */
function stateUnder({ before }: PlanRecord): StateOf {
  const kept = new Map(before?.kept);
  return (node, plan) => (plan === before?.plan ? (kept.get(node) ?? null) : node);
}

/** A plan that differs is accepted only after a clean stop, with equal T, and where no node loses state. */
async function refuseWhatIsLost(last: PlanRecord, changes: readonly StateChange[], plan: Plan, environment: Environment): Promise<void> {
  if (last.tasks !== plan.tasks) {
    const message = `the state was made with tasks: ${last.tasks}, the file says tasks: ${plan.tasks}`;
    throw mismatch(plan, message, 'put the number back, or start from nothing with --lose-state');
  }
  const losers = changes.filter(({ change }) => change === 'loses');
  const lost = new Set<string>();
  for (let task = 0; task < plan.tasks; task++) {
    const root = await environment.log.root(plan.pipeline, task);
    if (!root || root.inc !== last.inc) continue;
    if (!root.closed) {
      throw mismatch(
        plan,
        `the file changed, and the last run under plan ${last.plan.slice(0, 8)} was not stopped cleanly`,
        'run the former file once and stop it with Ctrl-C, then this one; or start from nothing with --lose-state',
      );
    }
    const state = root.snap && losers.length > 0 ? await environment.log.getState(plan.pipeline, task, root.snap.reference) : null;
    for (const { node, was } of losers) if ((state?.get(was ?? node)?.length ?? 0) > 0) lost.add(node);
  }
  if (lost.size === 0) return;
  const reasons = losers.filter(({ node }) => lost.has(node)).map(({ node, reason }) => `"${node}" (${reason})`);
  throw mismatch(
    plan,
    `the edit loses the state of ${reasons.join(', ')}`,
    'undo it, say was: where a node was renamed, or start from nothing with --lose-state',
  );
}

async function begin(plan: Plan, here: NamedTexts, environment: Environment, topics: PlanRecord['topics']): Promise<Incarnation> {
  const inc = `${Date.now().toString(36)}-${randomBytes(5).toString('hex')}`;
  await write(plan, here, environment, inc, topics);
  return { inc, stateOf: (node) => node, texts: here };
}

async function write(
  plan: Plan,
  here: NamedTexts,
  environment: Environment,
  inc: string,
  topics: PlanRecord['topics'],
  before?: PlanRecord['before'],
): Promise<PlanRecord> {
  const files = keptTexts(here);
  if (!files) environment.note('the files that operators name are too large to be kept with the state: do not change them while it runs');
  const record: PlanRecord = {
    v: 1,
    plan: plan.hash,
    inc,
    tasks: plan.tasks,
    nodes: plan.nodes.map(({ name, signature }) => ({ name, signature })),
    partitions: partitionsOf(plan),
    ...(topics && Object.keys(topics).length > 0 ? { topics } : {}),
    ...(files && here.size > 0 ? { files } : {}),
    ...(before ? { before } : {}),
  };
  const value = Buffer.from(JSON.stringify(record), 'utf8');
  const message = { topic: topicOf(plan), partition: 0, key: Buffer.from('current'), value, headers: {}, timestampNs: environment.clock() };
  for (;;) {
    const round = { pipeline: plan.pipeline, journal: plan.journal, tasks: [], messages: [message] };
    const result = await commitPatiently(environment.log, round);
    if (result === 'committed') break;
    if (result === 'fenced')
      throw new MillraceError('another process took the pipeline over', { code: 'fenced', domain: 'external', retry: 'backoff' });
    const found = await lastRecord(environment.log, topicOf(plan));
    if (found?.inc === inc && found.plan === plan.hash) break;
  }
  await writeCopy(record, plan, environment);
  return record;
}

/** A copy beside the data, for `millrace plan`: it may not open the log of a pipeline that runs. */
async function writeCopy(record: PlanRecord, plan: Plan, environment: Environment): Promise<void> {
  const copy = join(environment.dataDir, planRecordPath(plan.pipeline));
  const fresh = `${copy}.${process.pid}`; // several processes may share the folder
  try {
    await mkdir(dirname(copy), { recursive: true });
    await writeFile(fresh, JSON.stringify(record));
    await rename(fresh, copy);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    environment.note(`${copy} cannot be written (${code}): \`millrace plan\` does not tell what an edit does to the state`);
  }
}

async function lastRecord(log: Log, topic: string): Promise<PlanRecord | null> {
  const range = (await log.describe(topic))?.ranges[0];
  if (!range || range.high === range.low) return null;
  let last: PlanRecord | null = null;
  for await (const message of log.scan(topic, 0, range.low, range.high))
    last = JSON.parse(Buffer.from(message.value).toString('utf8')) as PlanRecord;
  return last;
}

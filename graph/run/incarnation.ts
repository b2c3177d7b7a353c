import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MillraceError } from '../contract/error.ts';
import type { Log, TopicSpec } from '../contract/log.ts';
import type { Plan } from '../contract/plan.ts';
import { type PlanRecord, planRecordPath } from '../contract/plan-record.ts';
import { type StateChange, stateChange } from '../contract/state-change.ts';
import type { Environment } from './environment.ts';
import { commitPatiently } from './patient.ts';
import type { StateOf } from './snapshot.ts';

/** Under which identity a pipeline runs, and which state fits its plan. */
export interface Incarnation {
  readonly inc: string;
  readonly stateOf: StateOf;
}

const topicOf = (plan: Plan): string => `_millrace.${plan.pipeline}.plans`;

/** The topic that holds the record; its writer holds the lease of the journal. */
export function planTopic(plan: Plan): TopicSpec {
  return { topic: topicOf(plan), partitions: 1, kind: 'journal', retentionMs: null };
}

/** Continues the incarnation the log knows, or mints one where state starts from nothing. Refuses to lose state unless told to. */
export async function settleIncarnation(plan: Plan, environment: Environment): Promise<Incarnation> {
  const { log } = environment;
  const last = await lastRecord(log, topicOf(plan));
  if (!last) return begin(plan, environment);
  if (last.plan === plan.hash) {
    await writeCopy(last, plan, environment);
    return { inc: last.inc, stateOf: stateUnder(last) };
  }
  if (environment.loseState) {
    environment.note('the state of the former plan is left behind (--lose-state)');
    return begin(plan, environment);
  }
  const changes = stateChange(last.nodes, plan);
  await refuseWhatIsLost(last, changes, plan, environment);
  const kept = changes.filter(({ change }) => change === 'keeps').map(({ node, was }) => [node, was ?? node] as const);
  const record = await write(plan, environment, last.inc, { plan: last.plan, kept });
  return { inc: last.inc, stateOf: stateUnder(record) };
}

/** Where the plan of a record finds its state: in snapshots of its own by the same names, in those of the plan before by the edit's. */
function stateUnder({ before }: PlanRecord): StateOf {
  const kept = new Map(before?.kept);
  return (node, plan) => (plan === before?.plan ? (kept.get(node) ?? null) : node);
}

/** A plan that differs is accepted only after a clean stop, with equal T, and where no node loses state. */
async function refuseWhatIsLost(last: PlanRecord, changes: readonly StateChange[], plan: Plan, environment: Environment): Promise<void> {
  const mismatch = (message: string, remedy: string): MillraceError =>
    new MillraceError(message, { code: 'plan-mismatch', domain: 'user', remedy });
  if (last.tasks !== plan.tasks) {
    const message = `the state was made with tasks: ${last.tasks}, the file says tasks: ${plan.tasks}`;
    throw mismatch(message, 'put the number back, or start from nothing with --lose-state');
  }
  const losers = changes.filter(({ change }) => change === 'loses');
  const lost = new Set<string>();
  for (let task = 0; task < plan.tasks; task++) {
    const root = await environment.log.root(plan.pipeline, task);
    if (!root || root.inc !== last.inc) continue;
    if (!root.closed) {
      throw mismatch(
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
    `the edit loses the state of ${reasons.join(', ')}`,
    'undo it, say was: where a node was renamed, or start from nothing with --lose-state',
  );
}

async function begin(plan: Plan, environment: Environment): Promise<Incarnation> {
  const inc = `${Date.now().toString(36)}-${randomBytes(5).toString('hex')}`;
  await write(plan, environment, inc);
  return { inc, stateOf: (node) => node };
}

async function write(plan: Plan, environment: Environment, inc: string, before?: PlanRecord['before']): Promise<PlanRecord> {
  const record: PlanRecord = {
    v: 1,
    plan: plan.hash,
    inc,
    tasks: plan.tasks,
    nodes: plan.nodes.map(({ name, signature }) => ({ name, signature })),
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
  await mkdir(dirname(copy), { recursive: true });
  await writeFile(copy, JSON.stringify(record));
}

async function lastRecord(log: Log, topic: string): Promise<PlanRecord | null> {
  const range = (await log.describe(topic))?.ranges[0];
  if (!range || range.high === range.low) return null;
  let last: PlanRecord | null = null;
  for await (const message of log.scan(topic, 0, range.low, range.high))
    last = JSON.parse(Buffer.from(message.value).toString('utf8')) as PlanRecord;
  return last;
}

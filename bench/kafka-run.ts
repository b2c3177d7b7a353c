import { wallClockNs } from '../cli/engines.ts';
import type { Log, Round } from '../graph/contract/log.ts';
import type { Plan } from '../graph/contract/plan.ts';
import type { Registry } from '../graph/contract/registry.ts';
import { runPipeline } from '../graph/run/pipeline.ts';
import { cpuOf, ownCpu } from './measure.ts';

/** What the committed part of a run cost, from its first round to its last. */
export interface RunCost {
  /** Messages of the input between the two. */
  readonly messages: number;
  readonly rounds: number;
  readonly wall: number;
  /** CPU of this process and of the broker, seconds. */
  readonly cpu: number;
  readonly broker: number;
}

/** How far a run has come. */
interface Mark {
  readonly messages: number;
  readonly at: number;
  readonly cpu: number;
  readonly broker: number;
}

/**
 * Runs a pipeline that reads one topic until `messages` of it are committed, then drains it. Counts from the end of the first round on:
 * joining the group and opening clients is a matter of a start, not of rows.
 */
export async function runUntil(
  plan: Plan,
  log: Log,
  registry: Registry,
  folder: string,
  messages: number,
  brokerPid: number,
): Promise<RunCost> {
  const positions = new Map<string, number>();
  let first: Mark | null = null;
  let rounds = 0;
  let finish: (mark: Mark) => void = () => undefined;
  const finished = new Promise<Mark>((resolve) => {
    finish = resolve;
  });
  const committed = (round: Round): void => {
    for (const { topic, partition, offset } of round.tasks.flatMap(({ reads }) => reads ?? []))
      positions.set(`${topic}/${partition}`, offset);
    const done = [...positions.values()].reduce((a, b) => a + b, 0);
    if (done === 0) return;
    rounds++;
    const mark = { messages: done, at: performance.now(), cpu: ownCpu(), broker: cpuOf(brokerPid) };
    first ??= mark;
    if (done >= messages) finish(mark);
  };
  const note = (line: string): void => void process.stderr.write(`  ${line}\n`);
  const running = runPipeline(plan, {
    registry,
    log: watched(log, committed),
    folder,
    dataDir: folder,
    loseState: false,
    clock: wallClockNs,
    note,
  });
  const last = await Promise.race([
    finished,
    running.done.then(({ error }) => Promise.reject(error ?? new Error('the pipeline ended early'))),
  ]);
  await running.drain();
  const from = first as Mark | null;
  if (from === null || from.messages >= last.messages) throw new Error('all was read in one round: there is nothing to measure');
  return {
    messages: last.messages - from.messages,
    rounds: rounds - 1,
    wall: (last.at - from.at) / 1000,
    cpu: last.cpu - from.cpu,
    broker: last.broker - from.broker,
  };
}

/** The log, which tells of every round that is committed. */
function watched(log: Log, committed: (round: Round) => void): Log {
  return {
    description: log.description,
    ensure: (topics) => log.ensure(topics),
    describe: (topic) => log.describe(topic),
    lease: (group, topic, listener) => log.lease(group, topic, listener),
    root: (pipeline, task) => log.root(pipeline, task),
    poll: (reader, positions, credit) => log.poll(reader, positions, credit),
    async commit(round) {
      const result = await log.commit(round);
      if (result === 'committed') committed(round);
      return result;
    },
    scan: (topic, partition, from, to) => log.scan(topic, partition, from, to),
    putState: (key, chunks) => log.putState(key, chunks),
    getState: (pipeline, task, reference) => log.getState(pipeline, task, reference),
    pending: (group, topic, partition) => log.pending(group, topic, partition),
    intent: (group, topic, partition, intent, outgoing) => log.intent(group, topic, partition, intent, outgoing),
    usage: () => log.usage(),
    close: () => log.close(),
  };
}

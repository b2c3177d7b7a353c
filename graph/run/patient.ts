import { MillraceError } from '../contract/error.ts';
import type { CommitResult, Log, Round } from '../contract/log.ts';

/** Least and most wait between two tries, ms. */
const BACKOFF_MS = { least: 20, most: 5_000 };

/** Tries again, with back-off, what failed with `retry: backoff`; says so once. Gives up when `leaving` is true and it failed again. */
export async function patiently<R>(what: () => Promise<R>, note: (line: string) => void, leaving: () => boolean): Promise<R> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await what();
    } catch (error) {
      if (!(error instanceof MillraceError) || error.retry !== 'backoff' || (leaving() && attempt > 5)) throw error;
      if (attempt === 3) note(`${error.code}: ${error.message}${error.remedy ? ` (${error.remedy})` : ''}; trying again`);
      await new Promise((resolve) => setTimeout(resolve, Math.min(BACKOFF_MS.most, BACKOFF_MS.least * 2 ** Math.min(attempt, 10))));
    }
  }
}

/** Commits a round; an error that may pass leaves its outcome unknown, like an answer that says so. */
export async function commitPatiently(log: Log, round: Round): Promise<CommitResult> {
  try {
    return await log.commit(round);
  } catch (error) {
    if (!(error instanceof MillraceError) || error.retry !== 'backoff') throw error;
    await new Promise((resolve) => setTimeout(resolve, BACKOFF_MS.least));
    return 'unknown';
  }
}

/** A log whose calls are tried again while it is not there. `commit` is left alone: its outcome has to be looked up first. */
export function patientLog(log: Log, note: (line: string) => void, leaving: () => boolean): Log {
  const again = <R>(what: () => Promise<R>): Promise<R> => patiently(what, note, leaving);
  return {
    description: log.description,
    ensure: (topics) => again(() => log.ensure(topics)),
    describe: (topic) => again(() => log.describe(topic)),
    lease: (group, topic, listener) => again(() => log.lease(group, topic, listener)),
    root: (pipeline, task) => again(() => log.root(pipeline, task)),
    poll: (reader, positions, credit) => again(() => log.poll(reader, positions, credit)),
    commit: (round) => log.commit(round),
    scan: (topic, partition, from, to) => scanAgain(log, topic, partition, from, to, again),
    putState: (key, chunks) => again(() => log.putState(key, chunks)),
    getState: (pipeline, task, reference) => again(() => log.getState(pipeline, task, reference)),
    pending: (group, topic, partition) => again(() => log.pending(group, topic, partition)),
    intent: (group, topic, partition, intent, outgoing) => again(() => log.intent(group, topic, partition, intent, outgoing)),
    usage: () => again(() => log.usage()),
    close: () => log.close(),
  };
}

/** A scan that goes on behind the last message it gave. */
async function* scanAgain(
  log: Log,
  topic: string,
  partition: number,
  from: number,
  to: number,
  again: <R>(what: () => Promise<R>) => Promise<R>,
): ReturnType<Log['scan']> extends AsyncIterable<infer M> ? AsyncGenerator<M> : never {
  let at = from;
  let messages = log.scan(topic, partition, at, to)[Symbol.asyncIterator]();
  for (;;) {
    const next = await again(async () => {
      try {
        return await messages.next();
      } catch (error) {
        messages = log.scan(topic, partition, at, to)[Symbol.asyncIterator]();
        throw error;
      }
    });
    if (next.done) return;
    at = next.value.offset + 1;
    yield next.value;
  }
}

import { clickhouseMissing } from './clickhouse.ts';
import { kafkaMissing, prepareKafka } from './kafka.ts';
import { prepareQuestdb, questdbMissing } from './questdb.ts';

const SERVICES = [
  { name: 'Kafka', missing: kafkaMissing, prepare: prepareKafka },
  { name: 'QuestDB', missing: questdbMissing, prepare: prepareQuestdb },
  { name: 'ClickHouse', missing: clickhouseMissing, prepare: async () => undefined },
];

const say = (line: string): void => void process.stderr.write(`services: ${line}\n`);

/** Whether tests that need servers must run: on CI, and where `MILLRACE_REQUIRE_SERVICES` is set. */
const required = (): boolean =>
  [process.env.CI, process.env.MILLRACE_REQUIRE_SERVICES].some((value) => value && value !== '0' && value !== 'false');

/**
 * Fetches what the servers need, once for the whole test run and kept in the cache (47 MB of Kafka, 50 MB of classes that it loads,
 * 29 MB of QuestDB), and says which cannot run here; where they are required the run fails then.
 */
export default async function prepareServices(): Promise<void> {
  const absent: string[] = [];
  for (const { name, missing, prepare } of SERVICES) {
    const reason = missing();
    if (reason !== null) absent.push(`${name} (${reason})`);
    else {
      const slow = setTimeout(() => say(`fetching ${name} (once; at most a minute)`), 500);
      await prepare().finally(() => clearTimeout(slow));
    }
  }
  if (absent.length === 0) return;
  if (required()) throw new Error(`services: cannot run here: ${absent.join(', ')}; CI and MILLRACE_REQUIRE_SERVICES=1 need them`);
  say(`cannot run here, and tests that need them are skipped: ${absent.join(', ')}`);
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClickhouseSetup } from '../connectors/clickhouse/connector.ts';
import { type EmbeddedClickhouse, openEmbeddedClickhouse } from '../connectors/clickhouse/embedded.ts';
import { openEmbeddedLog } from '../connectors/embedded/log.ts';
import type { Connection } from '../graph/contract/connector.ts';
import type { Log } from '../graph/contract/log.ts';
import { EXIT, leave, waitForNobody } from './exit.ts';
import { isShared } from './facts.ts';
import type { Place } from './settings.ts';

/** Disk that the embedded log may use, bytes. */
const LOG_BUDGET_BYTES = 1024 ** 3;

/** What the folder for local data holds; `reset` deletes these and nothing else. */
export const LOCAL_DATA = ['log', 'plans', 'files', ...['', '.json', '.xml', '.log', '.lock'].map((end) => `clickhouse${end}`)];

/** Now, ns since 1970 UTC. */
export const wallClockNs = (): bigint => BigInt(Date.now()) * 1_000_000n;

/** What a log is opened with, whichever it is. */
export interface LogOptions {
  readonly broker: Connection | undefined;
  readonly place: Place;
  /** Stable name of this process among those of the cluster; undefined: every start is a new one. */
  readonly instance: string | undefined;
  note(line: string): void;
}

/** Opens the log that `connections.broker` names. */
export async function openLog({ broker, place, instance, note }: LogOptions): Promise<Log> {
  if (!isShared(broker))
    return openEmbeddedLog({ dir: join(place.dataDir, 'log'), budgetBytes: LOG_BUDGET_BYTES, clock: wallClockNs, note });
  const { openKafkaLog } = await import('../connectors/kafka/log.ts');
  const stuck = (what: string): void => {
    note(`${what}; ending with ${EXIT.watchdog}, to be started again: what was committed is kept`);
    leave(EXIT.watchdog);
  };
  waitForNobody();
  const member = instance === undefined ? {} : { instance };
  return openKafkaLog({ connection: broker, folder: place.folder, note, stuck, ...member });
}

/** The ClickHouse of a data folder, in a child process: started when its address is first asked for, stopped with this process. */
export interface LocalClickhouse extends ClickhouseSetup {
  stop(): Promise<void>;
}

/** The local ClickHouse of `dataDir`; nothing is started yet. */
export function localClickhouse(dataDir: string, note: (line: string) => void): LocalClickhouse {
  let opened: Promise<EmbeddedClickhouse> | null = null;
  return {
    async embedded() {
      opened ??= openEmbeddedClickhouse({ dataDir, note });
      const opening = opened;
      try {
        return await (await opening).address();
      } catch (error) {
        if (opened === opening) opened = null; // the next call tries again
        throw error;
      }
    },
    async stop() {
      if (opened !== null) await (await opened).stop();
    },
  };
}

/** Process id of the engine that serves `dataDir`, or null. */
export function enginePid(dataDir: string): number | null {
  const path = join(dataDir, 'clickhouse.json');
  if (!existsSync(path)) return null;
  const { pid } = JSON.parse(readFileSync(path, 'utf8')) as { pid?: number };
  return pid ?? null;
}

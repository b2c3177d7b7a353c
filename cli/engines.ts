import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClickhouseSetup } from '../connectors/clickhouse/connector.ts';
import { type EmbeddedClickhouse, openEmbeddedClickhouse } from '../connectors/clickhouse/embedded.ts';
import { openEmbeddedLog } from '../connectors/embedded/log.ts';
import type { Connection } from '../graph/contract/connector.ts';
import { MillraceError } from '../graph/contract/error.ts';
import type { Log } from '../graph/contract/log.ts';

/** Disk that the embedded log may use, bytes. */
const LOG_BUDGET_BYTES = 1024 ** 3;

/** What the folder for local data holds; `reset` deletes these and nothing else. */
export const LOCAL_DATA = ['run.json', 'log', 'plans', 'files', ...['', '.json', '.xml', '.log', '.lock'].map((end) => `clickhouse${end}`)];

/** Now, ns since 1970 UTC. */
export const wallClockNs = (): bigint => BigInt(Date.now()) * 1_000_000n;

/** Why this version cannot run on the broker that `connections.broker` names; null when it can. */
export function unsupportedBroker(broker: Connection | undefined): MillraceError | null {
  if (broker === undefined || broker.url === 'embedded') return null;
  return new MillraceError(`this version has no connector for the broker ${broker.shown}; Kafka comes next`, {
    code: 'broker-unsupported',
    domain: 'user',
    remedy: 'use the embedded log: leave --broker, MILLRACE_BROKER and connections.broker out, or set them to embedded',
  });
}

/** Opens the log that `connections.broker` names. */
export async function openLog(broker: Connection | undefined, dataDir: string, note: (line: string) => void): Promise<Log> {
  const unsupported = unsupportedBroker(broker);
  if (unsupported !== null) throw unsupported;
  return openEmbeddedLog({ dir: join(dataDir, 'log'), budgetBytes: LOG_BUDGET_BYTES, clock: wallClockNs, note });
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

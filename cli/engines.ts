import { join } from 'node:path';
import { openEmbeddedLog } from '../connectors/embedded/log.ts';
import type { Plan } from '../graph/contract/plan.ts';
import type { Registry } from '../graph/contract/registry.ts';
import type { Environment } from '../graph/run/environment.ts';
import type { Place } from './settings.ts';

/** Disk that the embedded log may use. */
const LOG_BUDGET_BYTES = 1024 ** 3;

/** What `.millrace` holds; `reset` deletes these and nothing else. */
export const LOCAL_DATA = ['run.json', 'log', 'clickhouse'] as const;

const nowNs = (): bigint => BigInt(Date.now()) * 1_000_000n;

/** The open log and the embedded ClickHouse of a run. */
export interface Engines {
  readonly description: string;
  readonly budgetBytes: number | null;
  readonly clickhouse: { readonly url: string; readonly pid: number | null } | null;
  environment(registry: Registry, loseState: boolean): Environment;
  close(): Promise<void>;
}

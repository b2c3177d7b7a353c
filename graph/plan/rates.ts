import type { PlanSink } from '../contract/plan.ts';
import type { Registry } from '../contract/registry.ts';

/** More inserts a second than this into one table cost more merging than they bring. */
export const MAX_INSERTS_PER_SECOND = 2;

/** One place that sinks write to, and how often at most when rows never stop. */
export interface InsertRate {
  /** What it writes to, e.g. `table bars`. */
  readonly target: string;
  readonly connector: string;
  readonly sinks: readonly string[];
  readonly insertsPerSecond: number;
}

/** Inserts a second by target of an outside system: one block per partition whenever its time is up. */
export function insertRates(sinks: readonly PlanSink[], registry: Registry): readonly InsertRate[] {
  const rates = new Map<string, InsertRate>();
  for (const { name, connector, params, partitions } of sinks) {
    const { sink: declaration, connection } = registry.connectors.get(connector) ?? {};
    if (!declaration || !connection) continue;
    const target = declaration.describe(params);
    const key = `${connector} ${target}`;
    const before = rates.get(key);
    const insertsPerSecond = (before?.insertsPerSecond ?? 0) + (partitions * 1000) / Math.max(1, declaration.block.ms);
    rates.set(key, { target, connector, sinks: [...(before?.sinks ?? []), name], insertsPerSecond });
  }
  return [...rates.values()];
}

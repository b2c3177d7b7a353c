import type { Server } from './client.ts';

/** Tokens of inserted blocks that a table remembers at least. Source: `PROTOCOL.md` section 5. */
const LEAST_TOKENS = 10_000;
/** Blocks a second that one partition of a sink may bring. */
const BLOCKS_PER_SECOND = 5;
/** How long a token has to last: twice the time of one insert and of the next that may follow it late. */
const LEAST_SECONDS = 120;

/** Tokens that a table has to remember for a sink that reads so many partitions: twice what one minute may bring. */
export const tokensFor = (partitions: number): number => Math.max(LEAST_TOKENS, LEAST_SECONDS * BLOCKS_PER_SECOND * partitions);

/** A setting of a table that forgets tokens too early. */
export interface Shortfall {
  readonly setting: string;
  readonly found: number;
  readonly needed: number;
}

/** Whether tables of the engine keep what they remember with their replicas. */
export const isReplicated = (engine: string): boolean => engine.startsWith('Replicated') || engine.startsWith('Shared');

/** The settings, as `definition` (the text of the engine) or the server has them, by which a table remembers too little. */
export async function shortfalls(server: Server, engine: string, definition: string, tokens: number): Promise<readonly Shortfall[]> {
  const needs = isReplicated(engine)
    ? { replicated_deduplication_window: tokens, replicated_deduplication_window_seconds: LEAST_SECONDS }
    : { non_replicated_deduplication_window: tokens };
  const found = new Map<string, number>();
  for (const [, name = '', value] of definition.matchAll(/\b(\w*deduplication_window\w*) = (\d+)/g)) found.set(name, Number(value));
  if (Object.keys(needs).some((setting) => !found.has(setting))) {
    const defaults = isReplicated(engine) ? 'system.replicated_merge_tree_settings' : 'system.merge_tree_settings';
    const rows = await server.rows<{ name: string; value: string }>(
      `SELECT name, value FROM ${defaults} WHERE name LIKE '%deduplication_window%'`,
    );
    for (const { name, value } of rows) if (!found.has(name)) found.set(name, Number(value));
  }
  return Object.entries(needs)
    .map(([setting, needed]) => ({ setting, found: found.get(setting) ?? 0, needed }))
    .filter(({ found, needed }) => found < needed);
}

/** The settings as `MODIFY SETTING` and `SETTINGS` take them. */
export const settingsText = (short: readonly Shortfall[]): string =>
  short.map(({ setting, needed }) => `${setting} = ${needed}`).join(', ');

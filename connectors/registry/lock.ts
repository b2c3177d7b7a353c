import { z } from 'zod';
import type { RegistryClient } from './client.ts';

/** The file beside a pipeline file that holds what was fetched from outside, so that compiling needs no network. */
export const LOCK_FILE = 'pipelines.lock';

const registered = z.strictObject({ id: z.int().nonnegative(), schema: z.string() });

const lock = z.strictObject({
  version: z.literal(1),
  /** Subjects of the schema registry, with all their versions. */
  registry: z.record(z.string(), z.strictObject({ latest: z.int(), versions: z.record(z.string(), registered) })),
});

export type Lock = z.output<typeof lock>;

/** Fetches all versions of the subjects; throws the client's errors. */
export async function fetchLock(client: RegistryClient, subjects: readonly string[]): Promise<Lock> {
  const found: Lock['registry'] = {};
  for (const subject of [...new Set(subjects)].sort()) {
    const all = await client.all(subject);
    const versions = Object.fromEntries(all.map(({ version, id, schema }) => [String(version), { id, schema }]));
    found[subject] = { latest: Math.max(...all.map(({ version }) => version)), versions };
  }
  return { version: 1, registry: found };
}

/** A schema, its id and its subject, and the other versions of that by id. */
export interface Pinned {
  readonly schema: string;
  readonly registry: { readonly id: number; readonly subject: string; readonly others: Readonly<Record<string, string>> };
}

/** A version of a subject as the text of the lock has it, or why it has none. */
export function pinnedIn(text: string, subject: string, version: number | 'latest'): Pinned | string {
  const held = lockOf(text)?.registry;
  if (!held) return `${LOCK_FILE} is not readable`;
  const found = Object.hasOwn(held, subject) ? held[subject] : undefined;
  if (!found) return `${LOCK_FILE} does not hold subject "${subject}"`;
  const chosen = found.versions[String(version === 'latest' ? found.latest : version)];
  if (!chosen) return `${LOCK_FILE} holds no version ${version} of subject "${subject}"`;
  const others = Object.values(found.versions).filter(({ id }) => id !== chosen.id);
  return {
    schema: chosen.schema,
    registry: { id: chosen.id, subject, others: Object.fromEntries(others.map(({ id, schema }) => [id, schema])) },
  };
}

function lockOf(text: string): Lock | null {
  try {
    return lock.safeParse(JSON.parse(text)).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

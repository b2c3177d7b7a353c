import { readFile } from 'node:fs/promises';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Plan } from '../contract/plan.ts';

/** Texts of the files that operators name, by path as the pipeline file writes it. */
export type NamedTexts = ReadonlyMap<string, string>;

/** Texts as a plan record keeps them: deflated, in base64. */
export type KeptTexts = Readonly<Record<string, string>>;

/** What a record may hold of them: a broker takes messages of 1 MB by default. */
const MOST_CHARS = 512 * 1024;

/** The texts as they are on this machine now. */
export async function readNamedTexts(plan: Plan): Promise<NamedTexts> {
  const paths = new Map(plan.nodes.flatMap((node) => Object.entries(node.files)));
  return new Map(await Promise.all([...paths].map(async ([path, absolute]) => [path, await readFile(absolute, 'utf8')] as const)));
}

/** The texts for a record; null where they are too large for one. */
export function keptTexts(texts: NamedTexts): KeptTexts | null {
  const kept = Object.fromEntries([...texts].map(([path, text]) => [path, deflateRawSync(text).toString('base64')]));
  return Object.values(kept).reduce((sum, text) => sum + text.length, 0) > MOST_CHARS ? null : kept;
}

/** The texts of a record. */
export function textsOf(kept: KeptTexts): NamedTexts {
  return new Map(Object.entries(kept).map(([path, text]) => [path, inflateRawSync(Buffer.from(text, 'base64')).toString('utf8')]));
}

/** The texts to run with where those of a record are to be gone on with: of files that count as they are now, `here` is what counts. */
export function textsInForce(kept: KeptTexts, here: NamedTexts, plan: Plan): NamedTexts {
  const now = currentPaths(plan);
  return new Map([...textsOf(kept), ...[...here].filter(([path]) => now.has(path))]);
}

/** Paths of files that count as they are now. */
export function currentPaths(plan: Plan): ReadonlySet<string> {
  return new Set(plan.nodes.flatMap(({ currentFiles }) => currentFiles ?? []));
}

/** Paths whose text is another than that which is kept. */
export function changedTexts(texts: NamedTexts, kept: KeptTexts): readonly string[] {
  const before = textsOf(kept);
  return [...texts].filter(([path, text]) => before.has(path) && before.get(path) !== text).map(([path]) => path);
}

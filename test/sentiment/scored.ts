import { Field, Schema, Utf8 } from 'apache-arrow';
import { COLUMNS } from '../../graph/contract/columns.ts';
import { MIN_NS } from '../../graph/contract/frame.ts';
import { batchOf, type Row, rowsOf } from '../../graph/contract/rows.ts';
import { subjectOf } from '../../graph/test-kit/subject.ts';
import { sentiment } from '../../operators/sentiment/operator.ts';

/** Headlines as they come. */
export const NEWS = new Schema([COLUMNS.ts_event, new Field('headline', new Utf8(), true)]);

/** What `sentiment` makes of headlines; `ts_event` is the place of a headline among them. */
export function scored(
  headlines: readonly (string | null)[],
  params: object = {},
  files: ReadonlyMap<string, string> = new Map(),
): { readonly out: readonly Row[]; readonly rejected: readonly Row[] } {
  const kernel = subjectOf(sentiment, params, { in: NEWS }, files).create();
  const batch = batchOf(NEWS, headlines.map((headline, i) => ({ ts_event: BigInt(i), headline }))); // biome-ignore format: one step
  const ports: Record<string, Row[]> = { out: [], rejected: [] };
  kernel.push(batch, 'in', (port, rows) => void ports[port]?.push(...rowsOf(rows)), MIN_NS);
  return { out: ports.out ?? [], rejected: ports.rejected ?? [] };
}

/** Tables of aliases as `entities:` names them: an entity an alias, its symbol the alias in upper case. */
export function tableOf(aliases: readonly string[]): ReadonlyMap<string, string> {
  const lines = aliases.map((alias) => `"${alias.toUpperCase()}","${alias}","${alias}"`);
  return new Map([['entities.csv', ['symbol,name,alias', ...lines].join('\n')]]);
}

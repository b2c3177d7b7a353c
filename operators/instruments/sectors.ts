import type { KernelContext } from '../../graph/contract/operator.ts';
import { instrumentTable } from './table.ts';

/** Sector by symbol, empty where the table names none; of a symbol on several venues the first line counts. */
export function sectorsOf({
  params,
  files,
}: Pick<KernelContext<{ readonly instruments?: string | undefined }>, 'params' | 'files'>): ReadonlyMap<string, string> {
  const { instruments } = params;
  if (instruments === undefined) return new Map();
  const lines = instrumentTable({ params: { instruments }, files });
  return new Map(lines.toReversed().map(({ symbol, sector }) => [symbol, sector]));
}

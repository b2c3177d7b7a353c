import { join, resolve } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { declarations } from '../../cli/registry.ts';
import type { Plan } from '../../graph/contract/plan.ts';
import type { Registry } from '../../graph/contract/registry.ts';
import { compile } from '../../graph/plan/compile.ts';
import { disk } from '../../graph/resolve/disk.ts';
import { type HistoryPart, readHistory, runHistory } from '../../graph/run/history.ts';

/** Folder of the shared data. */
export const DATA = resolve(process.env.MILLRACE_DATA ?? join(import.meta.dirname, '../../../shared/data'));

/** Where the files of the tests would lie: beside an instrument table. */
export const FOLDER = resolve(import.meta.dirname, '../../examples/binance');

/** The plan of a file of one pipeline, for one task. Throws with what is wrong in it. */
export function planOf(text: string, registry: Registry = declarations): Plan {
  const { plans, diagnostics } = compile({
    text,
    file: join(FOLDER, 'proof.yaml'),
    registry,
    env: { MILLRACE_DATA: DATA },
    files: disk,
    allowPaths: [],
    allowCode: false,
    tasks: 1,
  });
  const [plan] = plans;
  if (!plan) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  return plan;
}

/** The rows of its sources. */
export function historyOf(plan: Plan): Promise<readonly HistoryPart[]> {
  return readHistory(plan, { registry: declarations, folder: FOLDER, note: () => undefined });
}

/** The batches that leave on ports, by `node` or `node.port`. */
export async function batchesOf(
  plan: Plan,
  history: readonly HistoryPart[],
  names: readonly string[],
): Promise<Map<string, RecordBatch[]>> {
  const found = new Map<string, RecordBatch[]>(names.map((name) => [name, []]));
  const ports = names.map((name) => {
    const [node = '', port = 'out'] = name.split('.');
    return { node, port };
  });
  const take = ({ node, port }: { node: string; port: string }, batch: RecordBatch) =>
    void found.get(port === 'out' ? node : `${node}.${port}`)?.push(batch);
  await runHistory(plan, history, ports, take, { registry: declarations });
  return found;
}

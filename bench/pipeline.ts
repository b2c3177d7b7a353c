import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wallClockNs } from '../cli/engines.ts';
import { registryWith } from '../cli/registry.ts';
import { openEmbeddedLog } from '../connectors/embedded/log.ts';
import { MillraceError } from '../graph/contract/error.ts';
import type { Plan } from '../graph/contract/plan.ts';
import type { Registry } from '../graph/contract/registry.ts';
import type { PipelineView } from '../graph/contract/view.ts';
import { type CompileOptions, compile } from '../graph/plan/compile.ts';
import { runPipeline } from '../graph/run/pipeline.ts';
import { type Cost, costOfAsync } from './measure.ts';

/** All that pipelines can name; `clickhouse: embedded` stands for the engine at `url`. */
export function registryAt(url: string | null): Registry {
  const absent = new MillraceError('this bench has no ClickHouse', { code: 'not-running', domain: 'internal' });
  return registryWith({ embedded: () => (url === null ? Promise.reject(absent) : Promise.resolve(url)) });
}

/** The only pipeline of a file in `folder`, compiled; throws when it has a fault. */
export function planOf(
  text: string,
  folder: string,
  registry: Registry,
  more: Partial<Pick<CompileOptions, 'tasks' | 'facts' | 'env'>> = {},
): Plan {
  const { plans, diagnostics } = compile({
    text,
    file: join(folder, 'bench.yaml'),
    registry,
    env: {},
    files: { exists: existsSync, read: (path) => readFileSync(path, 'utf8') },
    allowPaths: [],
    allowCode: false,
    ...more,
  });
  const [plan] = plans;
  if (!plan) throw new Error(`the pipeline of the bench does not compile: ${diagnostics.map((one) => one.message).join('; ')}`);
  return plan;
}

/** Runs a finite pipeline of `folder` through the engine on a fresh embedded log in `dir` until it has ended. */
export async function runToEnd(
  plan: Plan,
  dir: string,
  folder: string,
  registry: Registry,
  note: (line: string) => void,
): Promise<Cost & { readonly view: PipelineView }> {
  const log = await openEmbeddedLog({ dir, budgetBytes: 1024 ** 3, clock: wallClockNs, note });
  try {
    let view: PipelineView | null = null;
    const cost = await costOfAsync(async () => {
      const running = runPipeline(plan, { registry, log, folder, dataDir: folder, loseState: false, clock: wallClockNs, note });
      const { error } = await running.done;
      if (error) throw error;
      view = running.view();
    });
    if (view === null) throw new Error('the pipeline did not end');
    return { ...cost, view };
  } finally {
    await log.close();
  }
}

import type { Registry } from '../../graph/contract/registry.ts';
import { planJson, planMermaid, planText } from '../../graph/plan/show.ts';
import { compileFile } from '../compile.ts';
import { EXIT } from '../exit.ts';
import { chosen, type FileOptions, placeOf } from '../settings.ts';
import { out, outJson } from '../terminal.ts';
import { diagnosticJson } from './check.ts';

export interface PlanOptions extends FileOptions {
  readonly format: 'text' | 'mermaid' | 'json';
  readonly json?: boolean;
}

/** Prints the plans of the file; gives the exit code. */
export function planCommand(registry: Registry, names: readonly string[], options: PlanOptions): number {
  const place = placeOf(options);
  const json = options.json === true || options.format === 'json';
  const { diagnostics, plans, failed } = compileFile(registry, place, options);
  if (failed) {
    if (json) outJson({ diagnostics: diagnostics.map(diagnosticJson) });
    return EXIT.diagnostics;
  }
  const shown = chosen(plans, names);
  if (json) outJson({ plans: shown.map(planJson) });
  else out(shown.map((plan) => (options.format === 'mermaid' ? planMermaid(plan) : planText(plan))).join('\n'));
  return EXIT.done;
}

import { planJson, showPlan } from '../../graph/plan/show.ts';
import { compileWithFacts } from '../compile.ts';
import { EXIT } from '../exit.ts';
import { isShared } from '../facts.ts';
import { declarations } from '../registry.ts';
import { chosen, type FileOptions, placeOf } from '../settings.ts';
import { stateOf, stateText } from '../state.ts';
import { out, outJson } from '../terminal.ts';
import { diagnosticJson } from './check.ts';

export interface PlanOptions extends FileOptions {
  readonly format: 'text' | 'mermaid' | 'json';
  readonly json?: boolean;
}

/** Prints the plans of the file; gives the exit code. */
export async function planCommand(names: readonly string[], options: PlanOptions): Promise<number> {
  const place = placeOf(options);
  const json = options.json === true || options.format === 'json';
  const { diagnostics, plans, connections, failed } = await compileWithFacts(place, options, names);
  if (failed) {
    if (json) outJson({ diagnostics: diagnostics.map(diagnosticJson) });
    return EXIT.diagnostics;
  }
  const shown = chosen(plans, names);
  const log = isShared(connections.get('broker')) ? 'kafka' : 'embedded';
  if (json) {
    outJson({ plans: shown.map((plan) => ({ ...planJson(plan, declarations, log), state: stateOf(plan, place) })) });
  } else if (options.format === 'mermaid') {
    out(shown.map((plan) => showPlan(plan, 'mermaid', declarations)).join('\n'));
  } else out(shown.map((plan) => showPlan(plan, 'text', declarations, log) + stateText(stateOf(plan, place))).join('\n'));
  return EXIT.done;
}

import type { Plan } from '../graph/contract/plan.ts';
import type { Place } from './settings.ts';
import { paintErr, plural } from './terminal.ts';

/** What is about to run, a line a pipeline, and what of it is left out. */
export function planLines(plans: readonly Plan[], place: Place): readonly string[] {
  return plans.flatMap((plan) => {
    const { inputs, nodes, sinks, tasks } = plan;
    const parts = [plural(inputs.length, 'input'), plural(nodes.length, 'operator'), plural(sinks.length, 'sink'), plural(tasks, 'task')];
    return [
      `${paintErr.bold(plan.pipeline)} of ${place.name}: ${parts.join(', ')}; ${plan.delivery.replaceAll('_', ' ')}`,
      ...plan.skipped.map(({ sink, reason }) => `  ${paintErr.yellow('skipped')} ${sink}: ${reason}`),
    ];
  });
}

/** Said behind the status address when the port is not the usual one. */
export function takenText(wanted: { readonly port: number; readonly orNext: boolean }, port: number): string {
  return wanted.orNext && port !== wanted.port ? ` (port ${wanted.port} is taken)` : '';
}

/** Whether a plan writes to the ClickHouse that Millrace brings. */
export const usesLocalClickhouse = (plan: Plan): boolean =>
  plan.sinks.some((sink) => sink.connector === 'clickhouse' && sink.connection?.url === 'embedded');

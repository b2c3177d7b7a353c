import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../graph/contract/plan.ts';
import { type PlanRecord, planRecordPath } from '../graph/contract/plan-record.ts';
import type { Place } from './settings.ts';
import { tableOf } from './tour.ts';

/** What an earlier run of a pipeline remembered of itself; null where there was none. */
export function formerRun(pipeline: string, place: Pick<Place, 'dataDir'>): PlanRecord | null {
  const path = join(place.dataDir, planRecordPath(pipeline));
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as PlanRecord) : null;
}

/** Incarnations of the runs before this one, by pipeline. */
export function formerIncarnations(plans: readonly Plan[], place: Pick<Place, 'dataDir'>): ReadonlyMap<string, string> {
  return new Map(
    plans.flatMap(({ pipeline }) => {
      const before = formerRun(pipeline, place);
      return before === null ? [] : [[pipeline, before.inc] as const];
    }),
  );
}

/** Which tables hold rows of an incarnation that was left behind beside the new ones, and the SQL that removes them. */
export function leftoverLines(plan: Plan, former: string): readonly string[] {
  const tables = [...new Set(plan.sinks.flatMap((sink) => tableOf(sink) ?? []))];
  if (tables.length === 0) return [];
  const [noun, keep] = tables.length === 1 ? ['table', 'keeps'] : ['tables', 'keep'];
  return [
    `${plan.pipeline} starts from nothing; ${noun} ${tables.join(', ')} ${keep} the rows of before. To remove them, with \`millrace sql\`:`,
    ...tables.map((table) => `  ALTER TABLE ${table} DELETE WHERE startsWith(_src, '${former}/')`),
  ];
}

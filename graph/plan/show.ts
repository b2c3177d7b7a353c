import type { Plan } from '../contract/plan.ts';
import type { Registry } from '../contract/registry.ts';
import { planJson } from './show-json.ts';
import { planMermaid } from './show-mermaid.ts';
import { planText } from './show-text.ts';
import type { ShownLog } from './words.ts';

export { planJson, planMermaid, planText };

/** A plan in one of its three forms. */
export function showPlan(plan: Plan, form: 'text' | 'mermaid' | 'json', registry: Registry, log: ShownLog = 'embedded'): string {
  if (form === 'json') return `${JSON.stringify(planJson(plan, registry, log), null, 2)}\n`;
  return form === 'mermaid' ? planMermaid(plan, registry) : planText(plan, registry, log);
}

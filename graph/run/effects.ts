import { readFile } from 'node:fs/promises';
import { inNode } from '../contract/error.ts';
import type { Effect } from '../contract/operator.ts';
import type { Plan, PlanNode } from '../contract/plan.ts';
import type { Registry } from '../contract/registry.ts';

/** Opens what answers for the effect nodes of a plan, by name of the node; all tasks of a process share it. `texts`: files by path as written. */
export async function openEffects(
  plan: Plan,
  registry: Registry,
  texts: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, Effect>> {
  const opened = new Map<string, Effect>();
  try {
    for (const node of plan.nodes) {
      const effect = await openEffect(node, registry, texts);
      if (effect) opened.set(node.name, effect);
    }
  } catch (error) {
    await closeEffects(opened);
    throw error;
  }
  return opened;
}

async function openEffect(node: PlanNode, registry: Registry, texts: ReadonlyMap<string, string>): Promise<Effect | null> {
  const operator = registry.operators.get(node.operator);
  if (!operator?.effect) return null;
  try {
    const paths = Object.entries(node.binaries ?? {});
    const files = new Map(await Promise.all(paths.map(async ([path, absolute]) => [path, await readFile(absolute)] as const)));
    const inputs = Object.fromEntries(node.inputs.map(({ port, schema }) => [port, schema]));
    return await operator.effect({ params: node.params, inputs, outputs: node.outputs, files, texts });
  } catch (error) {
    throw inNode(error, node.name);
  }
}

export async function closeEffects(effects: ReadonlyMap<string, Effect>): Promise<void> {
  for (const effect of effects.values()) await effect.close();
}

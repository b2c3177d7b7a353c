import type { Cell, Row } from '../../../graph/contract/rows.ts';
import type { Episode, Step } from './episode.ts';

/** The same episode with every row a batch of its own. */
function single({ steps, ...episode }: Episode): Episode {
  return {
    ...episode,
    steps: steps.flatMap((step): Step[] =>
      step.kind === 'push' ? step.operations.map((operation) => ({ ...step, operations: [operation] })) : [step],
    ),
  };
}

/** The fewest steps, each of one row with the fewest columns, for which `fails` holds. */
export function shrunk(episode: Episode, fails: (episode: Episode) => boolean): Episode {
  const apart = single(episode);
  let best = fails(apart) ? apart : episode;
  for (let size = Math.ceil(best.steps.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0)
    for (let from = 0; from < best.steps.length; ) {
      const fewer = { ...best, steps: best.steps.filter((_, i) => i < from || i >= from + size) };
      if (fewer.steps.length > 0 && fails(fewer)) best = fewer;
      else from += size;
    }
  best.steps.forEach((step, i) => {
    if (step.kind !== 'push') return;
    for (const name of Object.keys(step.operations[0]?.row ?? {})) {
      const operations = (best.steps[i] as typeof step).operations.map(({ port, row }) => ({ port, row: without(row, name) }));
      const steps = best.steps.map((other, j) => (i === j ? { ...step, operations } : other));
      if (fails({ ...best, steps })) best = { ...best, steps };
    }
  });
  return best;
}

function without(row: Row, name: string): Row {
  return Object.fromEntries(Object.entries(row).filter(([key]) => key !== name));
}

/** An episode as YAML: the rows, and where the watermark moved or the kernel was restarted. */
export function asYaml({ params, steps }: Episode): string {
  const lines = steps.flatMap((step) => {
    if (step.kind === 'advance') return [`  - { advance: ${step.watermarkNs} }`];
    if (step.kind === 'restart') return ['  - { restart: true }'];
    return step.operations.map(({ port, row }) => `  - { port: ${port}, floor: ${step.floorNs}, ${cells(row)} }`);
  });
  return [`params: ${JSON.stringify(params)}`, 'steps:', ...lines].join('\n');
}

function cells(row: Row): string {
  const given = Object.entries(row).filter(([, cell]) => cell !== null);
  return given.map(([name, cell]) => `${name}: ${shown(cell)}`).join(', ');
}

function shown(cell: Cell): string {
  return typeof cell === 'string' ? JSON.stringify(cell) : String(cell);
}

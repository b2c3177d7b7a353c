import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { stateOf, stateText } from '../../cli/state.ts';
import { planOf } from '../run/fixture.ts';

const plan = planOf({ rows: 1, partitions: 1, tasks: 2 });
let dataDir: string;
const place = () => ({ name: 'p.yaml', path: join(dataDir, 'p.yaml'), folder: dataDir, dataDir });

async function remember(change: object): Promise<void> {
  const nodes = plan.nodes.map(({ name, signature }) => ({ name, signature }));
  await mkdir(join(dataDir, 'plans'));
  await writeFile(join(dataDir, 'plans', 'p.json'), JSON.stringify({ v: 1, plan: 'h1', inc: 'i', tasks: 2, nodes, ...change }));
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'millrace-state-'));
});

describe('what an edit does to state', () => {
  it('is nothing where there is none, or where the plan is the same', async () => {
    expect(stateText(stateOf(plan, place()))).toContain('none yet');
    await remember({});
    expect(stateText(stateOf(plan, place()))).toContain('kept: the plan is the one it was made with');
  });

  it('is told for each node, with what to do where it is lost', async () => {
    await remember({
      plan: 'h0',
      nodes: [
        { name: 'sums', signature: 'sums' },
        { name: 'windows', signature: 'other' },
      ],
    });
    const text = stateText(stateOf(plan, place()));
    expect(text).toMatch(/sums {5}keeps/);
    expect(text).toMatch(/windows {2}loses {2}its operator, parameters or input columns are others/);
    expect(text).toContain('--lose-state');
  });

  it('says so when the number of tasks is another', async () => {
    await remember({ plan: 'h0', tasks: 8 });
    expect(stateText(stateOf(plan, place()))).toContain('tasks: 8');
  });
});

import { expect, it } from 'vitest';
import type { Effect } from '../../graph/contract/operator.ts';
import { batchOf } from '../../graph/contract/rows.ts';
import { Answers } from '../../graph/run/answers.ts';
import type { Collected } from '../../graph/run/outputs.ts';
import { rowAt, TRADES } from './fixture.ts';

it('fails when nothing is asked any more, so that what answers can be closed', async () => {
  let isAsked = true;
  const effect: Effect = {
    async apply(port, batch) {
      if (port === 'bad') throw new Error('no answer');
      await new Promise((resolve) => setTimeout(resolve, 20));
      isAsked = false;
      return batch;
    },
    close: async () => undefined,
  };
  const collected = ['slow', 'bad'].map(
    (port): Collected => ({ batch: batchOf(TRADES, [rowAt(0, 1)]), floorNs: 0n, from: { node: 'asked', port } }),
  );
  const filled = new Answers(new Map([['asked', effect]]), () => ({ busy: () => undefined }) as never).fill(collected);
  await expect(filled).rejects.toMatchObject({ message: 'no answer', node: 'asked' });
  expect(isAsked).toBe(false);
});

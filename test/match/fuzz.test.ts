import { expect, test } from 'vitest';
import { campaign } from './fuzz/campaign.ts';

const SEED = Number(process.env.MILLRACE_SEED ?? 1);

test(`the native kernel and the naive book agree, and keep the promises of an exchange: MILLRACE_SEED=${SEED}`, () => {
  expect(campaign({ seed: SEED, operations: 4000, each: 250, kinds: ['native', 'reference'] })).toBeNull();
});

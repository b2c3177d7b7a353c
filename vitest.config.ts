import { defineConfig } from 'vitest/config';
import { LongFirst } from './test/sequence.ts';

process.env.UV_THREADPOOL_SIZE ??= '16'; // as the program's launcher does; the forks are started with it

/** Folders of tests that compute, and start neither a process nor a client: one worker loads the modules once for many of them. */
const PURE = [
  ...['aggregate', 'as_of', 'bars', 'cases', 'compiler', 'contract', 'derive', 'diagnostics', 'expression', 'formats', 'indicators'],
  ...['label', 'learning', 'match', 'mood', 'native', 'normalize', 'order_flow', 'positions', 'registry', 'risk', 'sentiment', 'status', 'var', 'wire'],
].map((folder) => `test/${folder}/**/*.test.ts`); // biome-ignore format: one step

export default defineConfig({
  test: {
    pool: 'forks', // native clients cannot be loaded twice in one process
    maxWorkers: 3, // many tests wait more than they compute
    sequence: { sequencer: LongFirst },
    globalSetup: ['scripts/test-setup.js', 'test/services/prepare.ts'],
    testTimeout: 180_000, // ends what hangs: a busy machine takes ten times as long as a quiet one
    hookTimeout: 180_000,
    projects: [
      { extends: true, test: { name: 'apart', include: ['test/**/*.test.ts'], exclude: PURE } },
      { extends: true, test: { name: 'pure', include: PURE, isolate: false } },
    ],
  },
});

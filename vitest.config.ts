import { defineConfig } from 'vitest/config';
import { LongFirst } from './test/sequence.ts';

process.env.UV_THREADPOOL_SIZE ??= '16'; // as the program's launcher does; the forks are started with it

export default defineConfig({
  test: {
    pool: 'forks', // native clients cannot be loaded twice in one process
    maxWorkers: 3, // many tests wait more than they compute
    sequence: { sequencer: LongFirst },
    include: ['test/**/*.test.ts'],
    globalSetup: ['scripts/test-setup.js', 'test/services/prepare.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks', // native clients cannot be loaded twice in one process
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

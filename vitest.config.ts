import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks', // native clients cannot be loaded twice in one process
    include: ['test/**/*.test.ts'],
    globalSetup: ['scripts/test-setup.js'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

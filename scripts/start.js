#!/usr/bin/env node
import { join } from 'node:path';
import { ROOT, run } from './progress.js';
import { script, setUp } from './setup.js';

await script(async () => {
  await setUp();
  const args = ['run', '--file', join(ROOT, 'pipelines.yaml'), ...process.argv.slice(2)];
  return run(process.execPath, [join(ROOT, 'cli', 'millrace.cjs'), ...args], { stdout: 'inherit' });
});

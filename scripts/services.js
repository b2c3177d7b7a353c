#!/usr/bin/env node
import { join } from 'node:path';
import { findJava } from './java.js';
import { ROOT, run } from './progress.js';
import { script, setUp } from './setup.js';

await script(async () => {
  await setUp();
  await findJava();
  return run(process.execPath, ['--import', 'tsx', join(ROOT, 'test', 'services', 'serve.ts'), ...process.argv.slice(2)], {
    stdout: 'inherit',
  });
});

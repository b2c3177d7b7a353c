#!/usr/bin/env node
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run, SetupError } from './progress.js';
import { script, setUp } from './setup.js';

/** What the test servers read beside their code, which the compiler leaves behind. */
const BESIDE = join('test', 'services', 'kafka.sha256');

await script(async () => {
  await setUp();
  // compiled like the product, into a folder that git ignores: what runs is what users run
  const code = await run(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.bench.json']);
  if (code !== 0) throw new SetupError('the benches do not compile (see above)');
  copyFileSync(join(ROOT, BESIDE), join(ROOT, 'dist-bench', BESIDE));
  return run(process.execPath, [join(ROOT, 'dist-bench', 'bench', 'main.js'), ...process.argv.slice(2)], {
    stdout: 'inherit',
    env: { UV_THREADPOOL_SIZE: '16', ...process.env },
  });
});

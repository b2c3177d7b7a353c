#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

// the memory of batches lies outside the heap but counts as its growth: by default all is marked again every few batches
setFlagsFromString('--heap-growing-percent=300');
process.env.UV_THREADPOOL_SIZE ??= '16'; // read at the first use of the pool, which is later than this line
const program = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(program)) {
  const { main } = await import(program.href);
  await main(process.argv.slice(2));
} else {
  const folder = dirname(dirname(fileURLToPath(import.meta.url)));
  process.stderr.write(`millrace is not built yet; run \`npm run setup\` in ${folder}\n`);
  process.exitCode = 1;
}

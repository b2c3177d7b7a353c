#!/usr/bin/env node
// CommonJS: to load an ES module is what first uses the thread pool, whose size is fixed from then on
process.env.UV_THREADPOOL_SIZE ??= '16';

const { existsSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { setFlagsFromString } = require('node:v8');

// the memory of batches lies outside the heap but counts as its growth: by default all is marked again every few batches
setFlagsFromString('--heap-growing-percent=300');

const folder = dirname(__dirname);
const program = join(folder, 'dist', 'cli', 'main.js');
if (existsSync(program)) {
  void import(pathToFileURL(program).href).then(({ main }) => main(process.argv.slice(2)));
} else {
  process.stderr.write(`millrace is not built yet; run \`npm run setup\` in ${folder}\n`);
  process.exitCode = 1;
}

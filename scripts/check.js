#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run, say } from './progress.js';
import { script, setUp } from './setup.js';

const node = (path, ...args) => ({ command: process.execPath, args: [join(ROOT, path), ...args], cwd: ROOT });
const cargo = (...args) => ({ command: 'cargo', args, cwd: join(ROOT, 'native') });

const STEPS = {
  types: node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'),
  'lint and format': node('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'),
  'import arrows': node('scripts/arrows.js'),
  'dead code': node('node_modules/knip/bin/knip.js', '--no-progress'),
  'generated files': node('scripts/generate-docs.js', '--check'),
  clippy: cargo('clippy', '--release', '--quiet', '--workspace', '--all-targets', '--', '-D', 'warnings'),
  rustfmt: cargo('fmt', '--all', '--check'),
};

await script(async () => {
  await setUp({ lint: true });
  const failed = [];
  for (const [name, { command, args, cwd }] of Object.entries(STEPS)) {
    say(`check: ${name}`);
    const started = Date.now();
    const code = existsSync(cwd) ? await run(command, args, { cwd }) : 1;
    if (code !== 0) failed.push(name);
    say(`check: ${name} ${code === 0 ? 'passed' : 'FAILED'} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  }
  const total = Object.keys(STEPS).length;
  process.stdout.write(`${total - failed.length} passed, ${failed.length} failed${failed.length === 0 ? '' : `: ${failed.join(', ')}`}\n`);
  return failed.length === 0 ? 0 : 1;
});

#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findInterop } from './interop.js';
import { findJava } from './java.js';
import { ROOT, run } from './progress.js';
import { script, setUp } from './setup.js';

/** Counts of vitest's JSON report; a file that could not be loaded counts as one failure. */
function vitestCounts(path, code) {
  if (!existsSync(path)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(readFileSync(path, 'utf8'));
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  const failed = report.numFailedTests + broken.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

async function vitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  const report = join(folder, 'report.json');
  const bin = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const code = await run(process.execPath, [bin, 'run', ...reporters, ...args], { stdout: 'inherit' });
  const counts = vitestCounts(report, code);
  rmSync(folder, { recursive: true });
  return counts;
}

/** Tests of the native crates, beside the others and behind them in turn, shown at their end and counted from cargo's summary lines. */
function cargo() {
  return new Promise((resolve, reject) => {
    const child = spawn('cargo', ['test', '--profile', 'checked', '--quiet', '--workspace'], {
      cwd: join(ROOT, 'native'),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
    });
    child.on('error', reject);
    child.on('spawn', () => setPriority(child.pid, constants.priority.PRIORITY_LOW));
    child.on('close', (code) => {
      process.stdout.write(text);
      const sum = (word) => [...text.matchAll(new RegExp(`(\\d+) ${word}`, 'g'))].reduce((n, match) => n + Number(match[1]), 0);
      const failed = sum('failed;');
      resolve({ passed: sum('passed;'), failed: failed === 0 && code !== 0 ? 1 : failed, skipped: sum('ignored;') });
    });
  });
}

await script(async () => {
  await setUp();
  await findJava();
  await findInterop();
  const args = process.argv.slice(2);
  const isAll = args.length === 0; // a name or an option means: these TypeScript tests
  const parts = await Promise.all([vitest(args), ...(isAll ? [cargo()] : [])]);
  const sum = (key) => parts.reduce((n, part) => n + part[key], 0);
  const skipped = sum('skipped') === 0 ? '' : `, ${sum('skipped')} skipped`;
  process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped}\n`);
  return sum('failed') === 0 ? 0 : 1;
});

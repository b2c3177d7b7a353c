import { execFileSync, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root folder of the repository. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** A short line of progress, on standard error. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Stops the script with a message that says what to do. */
export class SetupError extends Error {}

/**
 * Runs a program to its end, its output on our standard error (or `inherit`, `ignore`), and gives its exit code (128 + n after signal n).
 * SIGINT and SIGTERM are passed on; the program decides how it ends.
 */
export function run(command, args, { stdout = 'stderr', stderr = 2, env = process.env, cwd = ROOT } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['inherit', stdout === 'stderr' ? 2 : stdout, stderr] });
    const forward = (signal) => child.kill(signal);
    process.on('SIGINT', forward).on('SIGTERM', forward);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGINT', forward).off('SIGTERM', forward);
      resolve(code ?? 128 + (signal === 'SIGINT' ? 2 : signal === 'SIGTERM' ? 15 : 9));
    });
  });
}

/** Standard output of a short program, or null when it is not there, fails or crashes. */
export function output(command, args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'EACCES' || typeof error.status === 'number' || error.signal) return null;
    throw error;
  }
}

import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const setUp: { pythonFolder(): string } = await import(new URL('../../scripts/interop.js', import.meta.url).href);
const PROGRAM = join(setUp.pythonFolder(), 'bin', 'python');
const MOST_MS = 60_000;

/** Why Python and its packages are not here, or null. */
export const pythonMissing = (): string | null =>
  existsSync(PROGRAM) ? null : '`npm test` sets up Python packages, and they are not here';

/** Why kcat is not here, or null. */
export const kcatMissing = (): string | null => (spawnSync('kcat', ['-V']).status === 0 ? null : 'there is no kcat');

/** What a Python program says, or throws what it complains of. */
export async function python(args: readonly string[], input: string | Uint8Array = ''): Promise<string> {
  return runProgram(PROGRAM, args, input);
}

/** What kcat says, bytes as they are. */
export async function kcat(args: readonly string[], input: string | Uint8Array = ''): Promise<Buffer> {
  return runBytes('kcat', args, input);
}

async function runProgram(program: string, args: readonly string[], input: string | Uint8Array): Promise<string> {
  return (await runBytes(program, args, input)).toString('utf8');
}

async function runBytes(program: string, args: readonly string[], input: string | Uint8Array): Promise<Buffer> {
  const running = promisify(execFile)(program, args, { encoding: 'buffer', timeout: MOST_MS, maxBuffer: 1 << 28 });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

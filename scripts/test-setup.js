import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.js';
import { ROOT, run, say } from './progress.js';
import { findToolchain } from './toolchain.js';

/** vitest's global set-up: a bare `npx vitest run` builds first. Type errors are shown and left to `npm run check`. */
export default async function setUpTests() {
  await findToolchain();
  const native = join(ROOT, 'scripts', 'build-native.js');
  const code = existsSync(native) ? await run(process.execPath, [native]) : 0;
  if (code !== 0) throw new Error('the native build failed');
  const messages = build();
  if (messages !== '') say(`TypeScript: ${messages.split('\n').length} lines of errors, see \`npm run check\``);
}

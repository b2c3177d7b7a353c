#!/usr/bin/env node
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.js';
import { findKafkaClient } from './kafka-client.js';
import { installPackages, linkCommand } from './packages.js';
import { ROOT, run, SetupError, say } from './progress.js';
import { findToolchain } from './toolchain.js';

/** Installs and builds what is missing or has changed; a fraction of a second when nothing is. All output goes to standard error. */
export async function setUp({ lint = false } = {}) {
  const started = Date.now();
  await installPackages();
  await findKafkaClient();
  linkCommand();
  await findToolchain({ lint });
  const code = await run(process.execPath, [join(ROOT, 'scripts', 'build-native.js')]);
  if (code !== 0) throw new SetupError('the native build failed (see above)');
  const messages = build();
  if (messages !== '') throw new SetupError(`TypeScript:\n${messages}`);
  const seconds = (Date.now() - started) / 1000;
  if (seconds > 3) say(`set-up: done in ${seconds.toFixed(0)} s`);
}

/** Runs the body of a script; a failed set-up is told in one message and ends it with 1. */
export async function script(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`set-up: ${error.message}`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await script(setUp);

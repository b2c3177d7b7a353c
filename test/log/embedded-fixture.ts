import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedLog, type EmbeddedLogOptions, openEmbeddedLog } from '../../connectors/embedded/log.ts';
import type { Log } from '../../graph/contract/log.ts';
import type { Fixture } from './conformance.ts';

/** A clock that tests move. */
export class TestClock {
  #aheadNs = 0n;

  readonly now = (): bigint => BigInt(Date.now()) * 1_000_000n + this.#aheadNs;

  advance(ms: number): void {
    this.#aheadNs += BigInt(ms) * 1_000_000n;
  }
}

/** A folder that goes with the test. */
export function temporaryFolder(): { readonly dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-log-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Opens an embedded log with settings of a test. */
export function openTestLog(dir: string, clock = new TestClock(), options: Partial<EmbeddedLogOptions> = {}): Promise<EmbeddedLog> {
  return openEmbeddedLog({ dir, clock: clock.now, note: () => undefined, ...options });
}

/** The embedded log for the conformance suite, wrapped by `wrap`. */
export async function embeddedFixture(wrap: (log: Log) => Log): Promise<Fixture> {
  const folder = temporaryFolder();
  const clock = new TestClock();
  let log = wrap(await openTestLog(folder.dir, clock));
  return {
    log,
    async reopen() {
      await log.close();
      log = wrap(await openTestLog(folder.dir, clock));
      return log;
    },
    async destroy() {
      await log.close();
      folder.remove();
    },
    async age() {
      clock.advance(3_600_000);
    },
    async damage(reference) {
      const path = join(folder.dir, 'state', reference);
      const bytes = readFileSync(path);
      bytes[bytes.length - 9] = (bytes.at(-9) ?? 0) ^ 1;
      writeFileSync(path, bytes);
    },
  };
}

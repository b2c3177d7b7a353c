import { describe } from 'vitest';

/**
 * A suite that needs servers: `missing` says for each why it cannot run here, or null. Where one cannot, the suite is skipped under a title
 * that says so; on CI the run has failed before (`prepare.ts`).
 */
export function describeWith(title: string, missing: readonly (string | null)[], suite: () => void): void {
  const reason = missing.find((one) => one !== null);
  describe.skipIf(reason !== undefined)(reason === undefined ? title : `${title} (skipped: ${reason})`, suite);
}

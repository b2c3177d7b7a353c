import { join, relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take long and are small, so that Vitest, which goes by size, would start them last: one worker would be left busy alone. */
const LONG = ['laws/operators', 'examples/services', 'train/train', 'deploy/cluster', 'examples/exchange'].map((name) =>
  join(`${name}.test.ts`),
);

/** The order of the test files: those that would keep it waiting at the end, then as Vitest has it. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONG.indexOf(relative(import.meta.dirname, moduleId));
      return at < 0 ? LONG.length : at;
    };
    return sorted.toSorted((a, b) => place(a) - place(b));
  }
}

import { join, relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest, longest first: started last they would keep one worker busy while the others have nothing left to do. */
const LONGEST = [
  'crash/services',
  'laws/operators',
  'kafka/bad-input',
  'cli/run',
  'cli/kafka',
  'examples/services',
  'deploy/cluster',
  'crash/kill',
  'log/kafka',
  'examples/exchange',
  'cli/broker-gone',
  'connectors/questdb-server',
  'examples/binance',
  'services/kafka',
  'services/kafka-security',
  'cli/commands',
  'kafka/errors',
  'positions/identity',
  'train/train',
].map((name) => join(`${name}.test.ts`));

/** The order of the test files: the longest first, then as Vitest has it. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.indexOf(relative(import.meta.dirname, moduleId));
      return at < 0 ? LONGEST.length : at;
    };
    return sorted.toSorted((a, b) => place(a) - place(b));
  }
}

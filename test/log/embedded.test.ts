import { mildFaults, withFaults } from '../../connectors/embedded/faults.ts';
import { conformance } from './conformance.ts';
import { embeddedFixture } from './embedded-fixture.ts';

const SEED = Number(process.env.MILLRACE_SEED ?? 20_261_121);

conformance('embedded', () => embeddedFixture((log) => log), ['age', 'damage']);
conformance(`embedded with faults, seed ${SEED}`, () => embeddedFixture((log) => withFaults(log, mildFaults(SEED))), ['age', 'damage']);

import type { Schema } from 'apache-arrow';
import type { Kernel } from '../../graph/contract/kernel.ts';
import { INPUT_PORT, type KernelContext, MAIN_PORT } from '../../graph/contract/operator.ts';
import { nativeKernel } from '../../native/kernel.ts';
import { sectorsOf } from '../instruments/sectors.ts';
import { explained, REFUSED_PORT, REFUSED_SCHEMA } from '../money/refused.ts';
import { explainValued, VALUED_COLUMNS, VALUED_REFUSALS } from '../money/valued.ts';
import type { StressParams } from './operator.ts';
import { type Scenario, scenariosOf } from './scenarios.ts';

/** The kernel of `native/kernels/src/stress`. */
export function nativeStress(context: KernelContext<StressParams>): Kernel {
  const { params, inputs, outputs, files } = context;
  const sectors = sectorsOf(context);
  const native = nativeKernel({
    kernel: 'stress',
    params: {
      scenarios: scenariosOf(params.scenarios, files).map(plain),
      symbols: [...sectors.keys()],
      sectors: [...sectors.values()],
    },
    inputs: { [INPUT_PORT]: { schema: inputs[INPUT_PORT] as Schema, columns: VALUED_COLUMNS } },
    outputs: { [MAIN_PORT]: { schema: outputs[MAIN_PORT] as Schema }, [REFUSED_PORT]: { schema: REFUSED_SCHEMA, namesRows: true } },
  });
  return explained(native, VALUED_REFUSALS, explainValued);
}

/** Shocks are at most 10^10, which a double holds. */
function plain({ name, shocks: { all, symbol, sector, currency } }: Scenario): unknown {
  const numbers = (some: ReadonlyMap<string, bigint>) => Object.fromEntries([...some].map(([of, shock]) => [of, Number(shock)]));
  const whole = all.get('');
  return {
    name,
    all: whole === undefined ? null : Number(whole),
    symbol: numbers(symbol),
    sector: numbers(sector),
    currency: numbers(currency),
  };
}

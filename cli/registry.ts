import { arrow } from '../connectors/formats/arrow.ts';
import { simulateConnector } from '../connectors/simulate/connector.ts';
import type { Connector } from '../graph/contract/connector.ts';
import type { Format } from '../graph/contract/format.ts';
import type { Operator } from '../graph/contract/operator.ts';
import type { Registry } from '../graph/contract/registry.ts';
import { filter } from '../operators/filter/operator.ts';
import { normalize } from '../operators/normalize/operator.ts';
import { select } from '../operators/select/operator.ts';

const byName = <T extends { readonly name: string }>(declarations: readonly T[]): ReadonlyMap<string, T> =>
  new Map(declarations.map((declaration) => [declaration.name, declaration]));

// biome-ignore lint/suspicious/noExplicitAny: declarations of many parameter types, as in Registry
const operators: readonly Operator<any>[] = [filter, normalize, select];
const connectors: readonly Connector[] = [simulateConnector];
// biome-ignore lint/suspicious/noExplicitAny: as above
const formats: readonly Format<any>[] = [arrow];

/** Everything that a pipeline file can name. */
export const registry: Registry = { operators: byName(operators), connectors: byName(connectors), formats: byName(formats) };

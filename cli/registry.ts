import { type ClickhouseSetup, clickhouseConnector } from '../connectors/clickhouse/connector.ts';
import { clickhouseConnection } from '../connectors/clickhouse/declaration.ts';
import { documentConnector } from '../connectors/document/connector.ts';
import { fileConnector } from '../connectors/file/connector.ts';
import { arrow } from '../connectors/formats/arrow.ts';
import { avro } from '../connectors/formats/avro.ts';
import { capture } from '../connectors/formats/capture.ts';
import { csv } from '../connectors/formats/csv.ts';
import { json } from '../connectors/formats/json.ts';
import { raw } from '../connectors/formats/raw.ts';
import { schemaReader } from '../connectors/formats/schema-reader.ts';
import { kafkaConnection } from '../connectors/kafka/declaration.ts';
import { modelConnector } from '../connectors/model/connector.ts';
import { printConnector } from '../connectors/print/connector.ts';
import { questdbConnector } from '../connectors/questdb/connector.ts';
import { questdbConnection } from '../connectors/questdb/declaration.ts';
import { registryConnection } from '../connectors/registry/declaration.ts';
import { rssConnector } from '../connectors/rss/connector.ts';
import { simulateConnector } from '../connectors/simulate/connector.ts';
import { simulateOrdersConnector } from '../connectors/simulate/orders-connector.ts';
import type { ConnectionDeclaration } from '../graph/contract/connection.ts';
import type { Connector } from '../graph/contract/connector.ts';
import { MillraceError } from '../graph/contract/error.ts';
import type { Format } from '../graph/contract/format.ts';
import type { Operator } from '../graph/contract/operator.ts';
import type { Registry } from '../graph/contract/registry.ts';
import { aggregate } from '../operators/aggregate/operator.ts';
import { asOf } from '../operators/as_of/operator.ts';
import { bars } from '../operators/bars/operator.ts';
import { calibrate } from '../operators/calibrate/operator.ts';
import { decide } from '../operators/decide/operator.ts';
import { deduplicate } from '../operators/deduplicate/operator.ts';
import { derive } from '../operators/derive/operator.ts';
import { exposure } from '../operators/exposure/operator.ts';
import { filter } from '../operators/filter/operator.ts';
import { indicators } from '../operators/indicators/operator.ts';
import { label } from '../operators/label/operator.ts';
import { learn } from '../operators/learn/operator.ts';
import { match } from '../operators/match/operator.ts';
import { mood } from '../operators/mood/operator.ts';
import { normalize } from '../operators/normalize/operator.ts';
import { orderFlow } from '../operators/order_flow/operator.ts';
import { performance } from '../operators/performance/operator.ts';
import { positions } from '../operators/positions/operator.ts';
import { predict } from '../operators/predict/operator.ts';
import { refusals } from '../operators/refusals/operator.ts';
import { risk } from '../operators/risk/operator.ts';
import { select } from '../operators/select/operator.ts';
import { sentiment } from '../operators/sentiment/operator.ts';
import { sentimentOnnx } from '../operators/sentiment_onnx/operator.ts';
import { stress } from '../operators/stress/operator.ts';
import { varOperator } from '../operators/var/operator.ts';
import { varBacktest } from '../operators/var_backtest/operator.ts';

const byName = <T extends { readonly name: string }>(declared: readonly T[]): ReadonlyMap<string, T> =>
  new Map(declared.map((declaration) => [declaration.name, declaration]));

// biome-ignore lint/suspicious/noExplicitAny: declarations of many parameter types, as in Registry
const OPERATORS: readonly Operator<any>[] = [
  aggregate,
  asOf,
  bars,
  calibrate,
  decide,
  deduplicate,
  derive,
  exposure,
  filter,
  indicators,
  label,
  learn,
  match,
  mood,
  normalize,
  orderFlow,
  performance,
  positions,
  predict,
  refusals,
  risk,
  select,
  sentiment,
  sentimentOnnx,
  stress,
  varBacktest,
  varOperator,
];
// biome-ignore lint/suspicious/noExplicitAny: as above
const FORMATS: readonly Format<any>[] = [arrow, avro, json, csv, capture, raw];
/** What may be said under `connections:`. */
const CONNECTIONS: readonly ConnectionDeclaration[] = [kafkaConnection, clickhouseConnection, questdbConnection, registryConnection];
const connectorsWith = (clickhouse: ClickhouseSetup): readonly Connector[] => [
  fileConnector,
  documentConnector,
  rssConnector,
  simulateConnector,
  simulateOrdersConnector,
  clickhouseConnector(clickhouse),
  questdbConnector(),
  printConnector,
  modelConnector,
];

/** Everything that a pipeline file can name, with the engine that `clickhouse: embedded` stands for. */
export function registryWith(clickhouse: ClickhouseSetup): Registry {
  return {
    operators: byName(OPERATORS),
    connectors: byName(connectorsWith(clickhouse)),
    formats: byName(FORMATS),
    schemas: schemaReader,
    connections: byName(CONNECTIONS),
  };
}

/** The same for commands that run nothing. */
export const declarations: Registry = registryWith({
  embedded: () => Promise.reject(new MillraceError('nothing is run by this command', { code: 'not-running', domain: 'internal' })),
});

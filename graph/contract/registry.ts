import type { ConnectionDeclaration } from './connection.ts';
import type { Connector } from './connector.ts';
import type { Format, SchemaReader } from './format.ts';
import type { Operator } from './operator.ts';

/** What a composition root hands to the compiler and the runtime; `graph/` knows components by no other way. */
export interface Registry {
  // biome-ignore lint/suspicious/noExplicitAny: a registry holds declarations of many parameter types
  readonly operators: ReadonlyMap<string, Operator<any>>;
  readonly connectors: ReadonlyMap<string, Connector>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly formats: ReadonlyMap<string, Format<any>>;
  /** Reads `schema:`; without it no source may have one. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly schemas?: SchemaReader<any>;
  /** Connections whose address and options are looked at closely, by name. */
  readonly connections?: ReadonlyMap<string, ConnectionDeclaration>;
}

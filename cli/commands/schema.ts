import type { Registry } from '../../graph/contract/registry.ts';
import { jsonSchema } from '../../graph/plan/json-schema.ts';
import { out } from '../terminal.ts';

/** Prints the JSON Schema of pipeline files. */
export function schemaCommand(registry: Registry): void {
  out(JSON.stringify(jsonSchema(registry), null, 2));
}

import { jsonSchema } from '../../graph/plan/json-schema.ts';
import { declarations } from '../registry.ts';
import { out } from '../terminal.ts';

/** Prints the JSON Schema of pipeline files. */
export function schemaCommand(): void {
  out(JSON.stringify(jsonSchema(declarations), null, 2));
}

import type { z } from 'zod';
import type { Connection } from './connector.ts';

/** Something that is wrong with an address or an option, in words that give no secret away. */
export interface ConnectionFault {
  readonly message: string;
  readonly hint?: string;
}

/** What may be said of a connection; the compiler checks `connections:` by it. */
export type ConnectionDeclaration = DeclaredConnection | ClientConnection;

/** A connection whose options are declared here; the docs are derived from it. */
export interface DeclaredConnection {
  /** Name under `connections:`. */
  readonly name: string;
  /** Its options, none of them required, each with a description. */
  readonly params: z.ZodObject;
  /** Options that name a file, which has to lie where the pipeline file may read. */
  readonly files: readonly string[];
}

/** A connection whose client has options of its own. */
export interface ClientConnection {
  /** Name under `connections:`. */
  readonly name: string;
  /** What is wrong with its address; null where nothing is. */
  addressFault(connection: Connection): ConnectionFault | null;
  /** Every option there is, for what was probably meant by one that is not there. */
  readonly options: Iterable<string>;
  /** What is wrong with one option of `options:`; null where nothing is. `unknown`: there is no such option. */
  optionFault(name: string, value: unknown): (ConnectionFault & { readonly unknown: boolean }) | null;
  /** Whether the option names a file, which has to lie where the pipeline file may read. */
  isFile(name: string, value: unknown): boolean;
}

import type { Connector, SourceDeclaration } from '../../graph/contract/connector.ts';
import { type DocumentParams, documentParams } from './params.ts';
import { DOCUMENT_SCHEMA, openDocument } from './source.ts';

const source: SourceDeclaration<DocumentParams> = {
  params: documentParams,
  formats: [],
  schema: () => DOCUMENT_SCHEMA,
  time: 'ts_event',
  files: ({ path }) => [path],
  partitions: () => 1,
  finite: () => false,
  replay: 'never',
  open: openDocument,
};

/** A text file that people edit while a pipeline runs: each version is a row. */
export const documentConnector: Connector = {
  name: 'document',
  summary: 'a text file that is edited while the pipeline runs, such as limits: each version is a row, landed in a topic',
  connection: null,
  source,
};

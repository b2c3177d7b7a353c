import { resolve } from 'node:path';
import type { Connector, SinkDeclaration, SourceDeclaration } from '../../graph/contract/connector.ts';
import { endingFormat, type FileSinkParams, type FileSourceParams, fileSinkParams, fileSourceParams } from './params.ts';
import { previewFile } from './preview.ts';
import { FileWriter } from './sink.ts';
import { openFiles } from './source.ts';

const source: SourceDeclaration<FileSourceParams> = {
  params: fileSourceParams,
  formats: ['json', 'csv', 'capture', 'arrow'],
  defaultFormat: ({ path }) => (endingFormat(path) === 'ndjson' ? 'json' : endingFormat(path)),
  preview: previewFile,
  files: (params) => [params.path],
  partitions: (params) => (/[*?[{]/.test(params.path) ? null : 1),
  finite: () => true,
  open: openFiles,
};

const sink: SinkDeclaration<FileSinkParams> = {
  params: fileSinkParams,
  accepts: () => null,
  target: (params) => params.path,
  block: { rows: 200_000, bytes: 32 * 1024 * 1024, ms: 250 },
  describe: (params) => `file ${params.path}`,
  open: async (params, schema, context) => new FileWriter(resolve(context.folder, params.path), context.dataDir, schema, params),
};

/** Files: lines of text or Arrow, packed or not, read as partitions; written whole or not at all. */
export const fileConnector: Connector = {
  name: 'file',
  summary: 'files of JSON, CSV or capture lines, or of Arrow, gzip or not; a file is written whole or not at all',
  connection: null,
  source,
  sink,
};

import { relative } from 'node:path';
import type { ConnectorContext, SourceReader, StartAt } from '../../graph/contract/connector.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { filesOf } from './blocks.ts';
import { FileMemory } from './memory.ts';
import { Pace } from './pace.ts';
import type { FileSourceParams } from './params.ts';
import { Partition } from './partition.ts';

/** Opens the files behind a path or pattern, a partition each. */
export async function openFiles(params: FileSourceParams, context: ConnectorContext): Promise<SourceReader> {
  const paths = await filesOf(context.folder, params.path);
  if (paths.length === 0) {
    throw new MillraceError(`no file matches "${params.path}"`, {
      code: 'file-missing',
      domain: 'user',
      remedy: `look for it from ${context.folder}`,
    });
  }
  const pace = params.pace === 'max' ? null : new Pace(Number.parseFloat(params.pace));
  const labels = paths.map((path) => relative(context.folder, path));
  const partitions = paths.map((path, i) => {
    const memory = new FileMemory(path, context.dataDir, `${context.pipeline}/${context.node}`);
    return new Partition(path, params.pace_by, pace, { label: labels[i] ?? path, memory, note: (line) => context.note(line) });
  });
  const at = (partition: number): Partition => partitions[partition] as Partition;
  return {
    partitions: labels,
    async start(partition: number, start: StartAt): Promise<number> {
      await at(partition).begin();
      if (start === 'earliest') return 0;
      return start === 'latest' ? at(partition).length() : at(partition).positionAt(start.instantNs);
    },
    finished: (partition) => at(partition).finished(),
    read: (partition, from, maxRows, maxBytes) => at(partition).read(partition, from, maxRows, maxBytes),
    ended: (partition, from) => at(partition).ended(from),
    async close() {
      await Promise.all(partitions.map((partition) => partition.close()));
    },
  };
}

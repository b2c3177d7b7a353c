import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { avro } from '../../connectors/formats/avro.ts';
import { schemaReader } from '../../connectors/formats/schema-reader.ts';
import { RegistryClient } from '../../connectors/registry/client.ts';
import { fetchLock, LOCK_FILE } from '../../connectors/registry/lock.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import type { Registry } from '../../graph/contract/registry.ts';
import { compileFile } from '../compile.ts';
import { EXIT } from '../exit.ts';
import { declarations } from '../registry.ts';
import { type FileOptions, placeOf } from '../settings.ts';
import { out, outJson } from '../terminal.ts';

export interface PinOptions extends FileOptions {
  readonly json?: boolean;
}

/** Writes the lock beside the pipeline file; gives the exit code. */
export async function pinCommand(options: PinOptions): Promise<number> {
  const place = placeOf(options);
  const subjects = new Set<string>();
  const { failed, connections } = compileFile(place, options, { registry: collecting(subjects) });
  if (failed) return EXIT.diagnostics;
  if (subjects.size === 0) {
    if (options.json) outJson({ file: null, subjects: [] });
    else out(`${place.name} takes no schema from a registry`);
    return EXIT.done;
  }
  const registry = connections.get('registry');
  if (!registry)
    throw new MillraceError('there is no address of a schema registry', {
      code: 'connection-missing',
      domain: 'user',
      remedy: 'write "connections: { registry: http://host:8081 }"',
    });
  const lock = await fetchLock(new RegistryClient(registry.url), [...subjects]);
  const path = join(place.folder, LOCK_FILE);
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  const pinned = Object.entries(lock.registry).map(([subject, { latest, versions }]) => ({
    subject,
    latest,
    id: versions[latest]?.id ?? null,
  }));
  if (options.json) outJson({ file: path, subjects: pinned });
  else for (const { subject, latest, id } of pinned) out(`${subject}: version ${latest} (id ${id}) in ${LOCK_FILE}`);
  return EXIT.done;
}

/** The declarations, but what is to be pinned is noted instead of read. */
function collecting(subjects: Set<string>): Registry {
  const noted = ({ registry }: { readonly registry?: string | undefined }): boolean => {
    if (registry !== undefined) subjects.add(registry);
    return registry !== undefined;
  };
  const formats = new Map(declarations.formats).set(avro.name, {
    ...avro,
    files: (params) => (noted(params) ? [] : (avro.files?.(params) ?? [])),
    prepare: (params, read, fault) => (noted(params) ? params : (avro.prepare?.(params, read, fault) ?? null)),
  } satisfies typeof avro);
  return {
    ...declarations,
    formats,
    schemas: {
      ...schemaReader,
      files: (params) => (noted(params) ? [] : (schemaReader.files?.(params) ?? [])),
      schema: (params, read, fault) => (noted(params) ? null : schemaReader.schema(params, read, fault)),
    } satisfies typeof schemaReader,
  };
}

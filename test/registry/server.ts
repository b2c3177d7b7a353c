import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a registry answers to a request: status and JSON body, or text, or nothing at all. */
export type Answer =
  | { readonly status: number; readonly body: unknown }
  | { readonly status: number; readonly text: string }
  | 'silence'
  | 'hang up';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** An HTTP server on a free port that behaves as `answer` says, and what it was asked. */
export async function registryServer(answer: (asked: Asked, count: number) => Answer) {
  const asked: Asked[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    request.on('data', (part) => {
      body += String(part);
    });
    request.on('error', () => undefined); // given up by who asks
    request.on('end', () => answered(request, response, body));
  });
  const answered = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    asked.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
    const given = answer(asked.at(-1) as Asked, asked.length);
    if (given === 'silence') return;
    if (given === 'hang up') return void request.socket.destroy();
    response.writeHead(given.status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
    response.end('text' in given ? given.text : JSON.stringify(given.body));
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    host: `127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A registry in memory with the paths, error codes and shapes that Confluent documents. */
export function documented(subjects: Readonly<Record<string, readonly { readonly id: number; readonly schema: string }[]>>) {
  const missing = (code: number, message: string): Answer => ({ status: 404, body: { error_code: code, message } });
  return ({ method, path, body }: Asked): Answer => {
    const byId = /^\/schemas\/ids\/(\d+)$/.exec(path);
    if (byId) {
      const found = Object.values(subjects)
        .flat()
        .find(({ id }) => id === Number(byId[1]));
      return found ? { status: 200, body: { schema: found.schema } } : missing(40403, `Schema ${byId[1]} not found`);
    }
    const [, name = '', version] = /^\/subjects\/([^/]+)\/versions(?:\/([^/]+))?$/.exec(path) ?? [];
    const subject = decodeURIComponent(name);
    const held = subjects[subject];
    if (method === 'POST') {
      const { schema } = JSON.parse(body) as { schema: string };
      const known = held?.find((one) => one.schema === schema);
      return known
        ? { status: 200, body: { id: known.id } }
        : { status: 409, body: { error_code: 409, message: 'Schema being registered is incompatible' } };
    }
    if (!held) return missing(40401, `Subject '${subject}' not found.`);
    if (version === undefined) return { status: 200, body: held.map((_, i) => i + 1) };
    if (version !== 'latest' && !/^[1-9]\d*$/.test(version))
      return { status: 422, body: { error_code: 42202, message: `The specified version '${version}' is not a valid version id.` } };
    const number = version === 'latest' ? held.length : Number(version);
    const found = held[number - 1];
    return found ? { status: 200, body: { subject, version: number, ...found } } : missing(40402, `Version ${number} not found.`);
  };
}

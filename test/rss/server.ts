import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server of this machine that answers as it is told, and keeps what it was asked. */
export class FeedServer {
  readonly asked: IncomingMessage[] = [];
  answer: Answer = (_, response) => response.writeHead(404).end();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FeedServer> {
    const server = createServer((request, response) => {
      made.asked.push(request);
      made.answer(request, response);
    });
    const made = new FeedServer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  url(path = '/feed.xml'): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  /** Answers every request with a document. */
  gives(document: string | Buffer, headers: Readonly<Record<string, string>> = {}): void {
    this.answer = (_, response) => response.writeHead(200, { 'content-type': 'application/rss+xml', ...headers }).end(document);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

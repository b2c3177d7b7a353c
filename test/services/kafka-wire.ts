import { once } from 'node:events';
import { connect } from 'node:net';

/** Requests by their key and the version used here: the newest whose layout has no tagged fields. */
const API = {
  metadata: [3, 8],
  createTopics: [19, 4],
  deleteTopics: [20, 3],
  describeAcls: [29, 1],
  createAcls: [30, 1],
  describeConfigs: [32, 1],
  createPartitions: [37, 1],
  alterConfigs: [44, 0],
} as const;

const ANSWER_MS = 30_000;

/** Builds the body of a request: big-endian numbers, strings with a 16-bit length. */
export class Body {
  readonly #parts: Buffer[] = [];

  int8(value: number): this {
    return this.#number(1, (part) => part.writeInt8(value));
  }

  int16(value: number): this {
    return this.#number(2, (part) => part.writeInt16BE(value));
  }

  int32(value: number): this {
    return this.#number(4, (part) => part.writeInt32BE(value));
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const text = Buffer.from(value);
    this.int16(text.length).#parts.push(text);
    return this;
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length);
    items.forEach(write);
    return this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #number(size: number, write: (part: Buffer) => void): this {
    const part = Buffer.alloc(size);
    write(part);
    this.#parts.push(part);
    return this;
  }
}

/** Reads an answer from its start. */
export class Answer {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int8(): number {
    this.#at += 1;
    return this.#bytes.readInt8(this.#at - 1);
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  string(): string | null {
    const length = this.int16();
    if (length < 0) return null;
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }
}

/** Asks the broker at that port of 127.0.0.1 one thing, over a connection of its own. */
export async function ask(port: number, api: keyof typeof API, body: Body): Promise<Answer> {
  const [key, version] = API[api];
  const request = Buffer.concat([new Body().int16(key).int16(version).int32(1).string('millrace-test').bytes(), body.bytes()]);
  const socket = connect(port, '127.0.0.1').setTimeout(ANSWER_MS, () => socket.destroy(new Error(`${api}: no answer`)));
  try {
    await once(socket, 'connect');
    socket.write(Buffer.concat([new Body().int32(request.length).bytes(), request]));
    let found = Buffer.alloc(0);
    for await (const part of socket) {
      found = Buffer.concat([found, part as Buffer]);
      if (found.length < 4 || found.length < 4 + found.readInt32BE(0)) continue;
      const answer = new Answer(found);
      answer.skip(8); // length and correlation
      return answer;
    }
    throw new Error(`${api}: the broker closed the connection`);
  } finally {
    socket.destroy();
  }
}

/** How many brokers the one at that port sees, itself included; 0 when it does not answer. */
export async function brokersOf(port: number): Promise<number> {
  try {
    const answer = await ask(
      port,
      'metadata',
      new Body()
        .array([], () => undefined)
        .int8(0)
        .int8(0)
        .int8(0),
    );
    answer.skip(4); // throttle time
    return answer.int32();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED' || (error as NodeJS.ErrnoException).code === 'ECONNRESET') return 0;
    throw error;
  }
}

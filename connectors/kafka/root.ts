import type { Intent, Root } from '../../graph/contract/log.ts';

/** A root as it lies in the metadata of a committed offset: with who wrote it, and whether that one has let go. */
export interface KafkaRoot extends Root {
  /** Transactional id of the writer. */
  readonly by: string;
  readonly released: boolean;
}

/** What an offset's metadata may hold; brokers take 4,096 bytes by default. */
const MOST_CHARACTERS = 4_095;

/** Metadata of a commit. base64url: the library sends a trailing NUL, which readers have to strip. */
export function encodeRoot(root: KafkaRoot): string {
  return encoded({ v: 1, ...root });
}

/** The root in the metadata of a commit. */
export function decodeRoot(metadata: string): KafkaRoot {
  const { v: _, ...root } = decoded<KafkaRoot & { readonly v: number }>(metadata);
  return root;
}

/** The root without what only this log knows. */
export function rootOf({ by: _, released: __, ...root }: KafkaRoot): Root {
  return root;
}

/** What a sink announces; `from` is the offset itself. */
export function encodeIntent({ to, token, rows }: Intent): string {
  return encoded({ v: 1, to, token, rows });
}

/** The announcement at a committed offset; one without metadata of ours (another tool's commit) announces nothing. */
export function decodeIntent(from: number, metadata: string | null | undefined): Intent {
  if (!metadata) return { from, to: from, token: '', rows: 0 };
  const { to, token, rows } = decoded<Omit<Intent, 'from'>>(metadata);
  return { from, to, token, rows };
}

function encoded(value: object): string {
  const text = Buffer.from(JSON.stringify(value)).toString('base64url');
  if (text.length > MOST_CHARACTERS) throw new Error(`${text.length} characters of metadata are more than Kafka takes`);
  return text;
}

function decoded<T>(metadata: string): T {
  return JSON.parse(Buffer.from(metadata.replace(/\0+$/, ''), 'base64url').toString('utf8')) as T;
}

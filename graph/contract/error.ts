/** Who has to act: the person who wrote the file, somebody else's system, or we. */
export type Domain = 'user' | 'external' | 'internal';

/** Whether the same call may succeed later. Set where the cause is known, never guessed from a message. */
export type Retry = 'never' | 'backoff';

export interface MillraceErrorOptions {
  readonly code: string;
  readonly domain: Domain;
  readonly retry?: Retry;
  /** What the reader can do about it. */
  readonly remedy?: string;
  /** The node of the pipeline it happened in. */
  readonly node?: string;
  readonly cause?: unknown;
}

/** An error of the world (not of the file: those are diagnostics): coded, with a domain and a retry rule. */
export class MillraceError extends Error {
  readonly code: string;
  readonly domain: Domain;
  readonly retry: Retry;
  readonly remedy: string | undefined;
  readonly node: string | undefined;

  constructor(message: string, options: MillraceErrorOptions) {
    super(message, { cause: options.cause });
    this.name = 'MillraceError';
    this.code = options.code;
    this.domain = options.domain;
    this.retry = options.retry ?? 'never';
    this.remedy = options.remedy;
    this.node = options.node;
  }
}

/** The same error, told of the node it happened in; anything that is not ours becomes `internal`. */
export function inNode(error: unknown, node: string): MillraceError {
  if (error instanceof MillraceError) {
    const { code, domain, retry, remedy } = error;
    return new MillraceError(error.message, {
      code,
      domain,
      retry,
      node: error.node ?? node,
      cause: error.cause,
      ...(remedy === undefined ? {} : { remedy }),
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new MillraceError(message, { code: 'internal', domain: 'internal', node, cause: error });
}

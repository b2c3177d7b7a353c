import { MillraceError } from '../../graph/contract/error.ts';

/** An answer other than success: status and body as the server gave them. */
export class Refusal extends Error {
  /** Tells the client's own retries to keep away: the runner waits and looks by itself. */
  readonly code = 'QUESTDB_REFUSAL';
  readonly status: number;
  readonly body: string;

  constructor(status: number, body: string) {
    super(`status ${status}`);
    this.status = status;
    this.body = body;
  }
}

/** A request without an answer. */
export class Broken extends Error {
  readonly code = 'QUESTDB_BROKEN';
}

/** A row that the server refuses: its number in the request, from 1, and why. */
export interface RefusedLine {
  readonly line: number;
  readonly reason: string;
}

/** The row that a refusal names, or null when it is about something else. Source: QuestDB `LineHttpProcessorState`, its JSON errors. */
export function refusedLine(error: unknown): RefusedLine | null {
  if (!(error instanceof Refusal) || error.status !== 400) return null;
  const said = jsonOf(error.body);
  if (typeof said?.line !== 'number') return null;
  const message = typeof said.message === 'string' ? said.message : '';
  return { line: said.line, reason: message.slice(message.lastIndexOf('\n') + 1).replace(/^error in line \d+: /, '') };
}

function jsonOf(body: string): { readonly line?: unknown; readonly message?: unknown; readonly error?: unknown } | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** What is worth telling of an answer, on one line. */
function saidIn({ status, body }: Refusal): string {
  const said = jsonOf(body);
  const text = String(said?.message ?? said?.error ?? body)
    .replace(/\s+/g, ' ')
    .trim();
  return `${status}${text === '' ? '' : `: ${text.slice(0, 300)}`}`;
}

/** OpenSSL and Node.js codes of a certificate that is not trusted. Source: Node.js documentation, "X509 certificate error codes". */
const UNTRUSTED = /^(CERT_|UNABLE_TO_|ERR_TLS_CERT_|DEPTH_ZERO_|SELF_SIGNED_)/;

function codeOf(error: unknown): string | null {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof Broken) continue;
    const code = (at as NodeJS.ErrnoException).code;
    if (typeof code === 'string') return code;
  }
  return null;
}

const ADDRESS = 'write connections.questdb as http://user:password@host:9000: the HTTP port, with the line protocol enabled on it';

/** What a failed call to the server means for the sink. `shown` is the address without secrets. */
export function questdbError(error: unknown, shown: string): MillraceError {
  if (error instanceof MillraceError) return error;
  if (error instanceof Refusal) return refusalError(error, shown);
  const message = error instanceof Error ? error.message : String(error);
  if (UNTRUSTED.test(codeOf(error) ?? '')) {
    return new MillraceError(`QuestDB at ${shown} shows a certificate that is not trusted: ${message}`, {
      code: 'questdb-certificate',
      domain: 'user',
      remedy: 'set tls_ca to the certificate of its authority under options: of connections.questdb',
      cause: error,
    });
  }
  return new MillraceError(`QuestDB at ${shown} cannot be reached: ${message}`, {
    code: 'questdb-unreachable',
    domain: 'external',
    retry: 'backoff',
    remedy: 'start the server, or correct connections.questdb',
    cause: error,
  });
}

/** Something answers at the address, but not as QuestDB does. */
export function notQuestdb(shown: string, cause: unknown): MillraceError {
  return new MillraceError(`what answers at ${shown} is not QuestDB`, { code: 'questdb-address', domain: 'user', remedy: ADDRESS, cause });
}

function refusalError(error: Refusal, shown: string): MillraceError {
  const said = `QuestDB at ${shown} answered ${saidIn(error)}`;
  if (error.status === 401 || error.status === 403) {
    return new MillraceError(said, {
      code: 'questdb-access',
      domain: 'user',
      remedy: 'check user, password or token in connections.questdb, and that the user may create, read and insert',
      cause: error,
    });
  }
  if (error.status === 404 || error.status === 405) {
    return new MillraceError(said, { code: 'questdb-address', domain: 'user', remedy: ADDRESS, cause: error });
  }
  if (error.status >= 500 || error.status === 408 || error.status === 429) {
    return new MillraceError(said, { code: 'questdb-busy', domain: 'external', retry: 'backoff', cause: error });
  }
  return new MillraceError(said, { code: 'questdb-refused', domain: 'external', cause: error });
}

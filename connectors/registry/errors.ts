import { z } from 'zod';
import { MillraceError, type MillraceErrorOptions } from '../../graph/contract/error.ts';

const SYSTEM = 'schema registry';

type Meaning = Pick<MillraceErrorOptions, 'code' | 'domain' | 'retry' | 'remedy'> & { readonly says: string };

/** Error codes that the registry documents. Source: Confluent Schema Registry API reference, "Errors". */
const BY_ERROR_CODE: Readonly<Record<number, Meaning>> = {
  40401: {
    code: 'registry-subject',
    domain: 'user',
    says: 'is not there',
    remedy: 'check the name; topics have subjects such as TOPIC-value',
  },
  40402: { code: 'registry-version', domain: 'user', says: 'has no such version', remedy: 'name a version that it has, or "latest"' },
  40403: {
    code: 'registry-schema',
    domain: 'user',
    says: 'is not there',
    remedy: 'check that this is the registry that the topic is written with',
  },
  40404: { code: 'registry-subject', domain: 'user', says: 'was deleted', remedy: 'register it again, or name another' },
  40406: { code: 'registry-version', domain: 'user', says: 'had its version deleted', remedy: 'name another version, or "latest"' },
  42201: {
    code: 'registry-invalid-schema',
    domain: 'user',
    says: 'was given a schema that it does not take',
    remedy: 'correct the schema',
  },
  42202: { code: 'registry-version', domain: 'user', says: 'does not take this version', remedy: 'name a number from 1 on, or "latest"' },
  50001: { code: 'registry-store', domain: 'external', retry: 'backoff', says: 'cannot be read: its store fails' },
  50002: { code: 'registry-timeout', domain: 'external', retry: 'backoff', says: 'took too long to answer for' },
  50003: { code: 'registry-leader', domain: 'external', retry: 'backoff', says: 'cannot be written: the leader is not reached' },
};

const BY_STATUS: Readonly<Record<number, Meaning>> = {
  401: {
    code: 'registry-denied',
    domain: 'user',
    says: 'asks for a user and password',
    remedy: 'give them in the address: http://user:password@host',
  },
  403: { code: 'registry-denied', domain: 'user', says: 'may not be read by this user', remedy: 'give the user the right to read it' },
  404: { code: 'registry-absent', domain: 'user', says: 'is not found', remedy: 'check the address of the registry, its path too' },
  409: { code: 'registry-incompatible', domain: 'user', says: 'takes no schema that is incompatible', remedy: 'give new fields a default' },
  429: { code: 'registry-busy', domain: 'external', retry: 'backoff', says: 'is asked for too often' },
};

const BODY = z.object({ error_code: z.int(), message: z.string().default('') });

/** The error of an answer that is none of 2xx. */
export function answerError(address: string, subject: string, status: number, text: string): MillraceError {
  const said = bodyOf(text);
  const fallback: Meaning =
    status >= 500
      ? { code: 'registry-failing', domain: 'external', retry: 'backoff', says: 'cannot be had' }
      : { code: 'registry-refused', domain: 'user', says: 'is refused' };
  const { says, ...options } = (said && BY_ERROR_CODE[said.error_code]) ?? BY_STATUS[status] ?? fallback;
  const detail = said && said.message !== '' ? `: ${said.message.slice(0, 300)}` : '';
  return new MillraceError(`${SYSTEM} ${address}: ${subject} ${says} (${said?.error_code ?? status})${detail}`, options);
}

/** The error of a request without an answer. */
export function transportError(address: string, timeoutMs: number, cause: unknown): MillraceError {
  const late = cause instanceof Error && cause.name === 'TimeoutError';
  const reason = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? '') : '';
  return new MillraceError(
    `${SYSTEM} ${address} ${late ? `gave no answer in ${timeoutMs} ms` : `is not reached${reason ? `: ${reason}` : ''}`}`,
    {
      code: late ? 'registry-timeout' : 'registry-unreachable',
      domain: 'external',
      retry: 'backoff',
      remedy: 'check "connections: { registry: ... }" and that the registry runs',
      cause,
    },
  );
}

/** The error of an answer that is not what the interface says. */
export function invalidAnswer(address: string, path: string): MillraceError {
  return new MillraceError(`${SYSTEM} ${address} does not answer ${path} as a schema registry does`, {
    code: 'registry-answer',
    domain: 'external',
    remedy: 'check that "connections: { registry: ... }" is the address of a schema registry',
  });
}

function bodyOf(text: string): z.output<typeof BODY> | null {
  try {
    return BODY.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // an answer of something before the registry
  }
}

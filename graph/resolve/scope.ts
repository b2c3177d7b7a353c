import type { Connection } from '../contract/connector.ts';
import type { Registry } from '../contract/registry.ts';
import type { Say } from '../diagnostics/report.ts';
import type { Span } from '../document/value.ts';
import type { Paths } from './paths.ts';

/** What names are looked up in. */
export interface Scope {
  readonly say: Say;
  /** Says faults of a file that this one names, by that file's own positions. */
  within(path: string, text: string): Say;
  readonly registry: Registry;
  readonly connections: ReadonlyMap<string, Connection>;
  readonly paths: Paths;
  readonly allowCode: boolean;
  /** Processes elsewhere may take tasks over: the log is one that several share. */
  readonly isShared: boolean;
  /** History is read, without a log. */
  readonly isHistory: boolean;
  readonly facts: Facts;
}

/** What was looked up outside before a compilation; nothing where that was not done. */
export interface Facts {
  /** Partitions of topics by name, null for one that does not exist. A topic that was not looked up is not in it. */
  readonly topics: ReadonlyMap<string, number | null>;
  /** Partitions of sources that a connector reads, by `pipeline.source`. */
  readonly sources: ReadonlyMap<string, number>;
}

/** Nothing was looked up. */
export const NO_FACTS: Facts = { topics: new Map(), sources: new Map() };

const TOPIC = /^[a-zA-Z0-9._-]{1,249}$/;

/** Says when a topic's name is not one that Kafka takes, or is one of ours. */
export function checkTopic(topic: string, span: Span, say: Say): boolean {
  const reason = topic.startsWith('_millrace.')
    ? 'names that begin with "_millrace." are internal'
    : TOPIC.test(topic) && topic !== '.' && topic !== '..'
      ? null
      : 'a topic has up to 249 of a-z, A-Z, 0-9, ".", "_" and "-"';
  if (reason !== null) say('topic-invalid', span, `"${topic.slice(0, 80)}" cannot name a topic: ${reason}`);
  return reason === null;
}

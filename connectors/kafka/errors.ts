import kafka from '@confluentinc/kafka-javascript';
import { MillraceError, type MillraceErrorOptions } from '../../graph/contract/error.ts';

const { ERRORS } = kafka.CODES;

/** What an error code of librdkafka or of the broker means for us. `says` continues "Kafka at ADDRESS …". */
interface Meaning extends Pick<MillraceErrorOptions, 'code' | 'domain' | 'retry' | 'remedy'> {
  readonly says: string;
  readonly of: readonly number[];
}

const ADDRESS =
  'start the brokers, or correct connections.broker; where they run, they may want encryption or a password: options: security.protocol';

/** Source: librdkafka, `rd_kafka_resp_err_t` in rdkafka.h, and "Error codes" of the Kafka protocol guide. */
const MEANINGS: readonly Meaning[] = [
  {
    code: 'kafka-unreachable',
    domain: 'external',
    retry: 'backoff',
    says: 'is not reached',
    remedy: ADDRESS,
    of: [ERRORS.ERR__TRANSPORT, ERRORS.ERR__ALL_BROKERS_DOWN, ERRORS.ERR_BROKER_NOT_AVAILABLE, ERRORS.ERR_NETWORK_EXCEPTION],
  },
  {
    code: 'kafka-unknown-host',
    domain: 'external',
    retry: 'backoff',
    says: 'is not reached: the name of a broker has no address',
    remedy: 'correct the hosts in connections.broker, or the advertised.listeners of the brokers',
    of: [ERRORS.ERR__RESOLVE],
  },
  {
    code: 'kafka-access',
    domain: 'user',
    says: 'refuses user or password',
    remedy: 'correct user and password in connections.broker; options: sasl.mechanisms says how they are sent (PLAIN, SCRAM-SHA-256, …)',
    of: [
      ERRORS.ERR__AUTHENTICATION,
      ERRORS.ERR_SASL_AUTHENTICATION_FAILED,
      ERRORS.ERR_UNSUPPORTED_SASL_MECHANISM,
      ERRORS.ERR_ILLEGAL_SASL_STATE,
    ],
  },
  {
    code: 'kafka-tls',
    domain: 'user',
    says: 'is not spoken to: the encrypted connection fails',
    remedy:
      'under options: of connections.broker set ssl.ca.location to the certificate of its authority, or security.protocol as the brokers have it',
    of: [ERRORS.ERR__SSL],
  },
  {
    code: 'kafka-topic-missing',
    domain: 'user',
    says: 'has no such topic or partition',
    remedy: 'create the topic, or correct its name',
    of: [ERRORS.ERR__UNKNOWN_TOPIC, ERRORS.ERR_UNKNOWN_TOPIC_OR_PART, ERRORS.ERR__UNKNOWN_PARTITION, ERRORS.ERR_UNKNOWN_TOPIC_ID],
  },
  {
    code: 'kafka-topic-name',
    domain: 'user',
    says: 'does not take the name of the topic',
    remedy: 'name it with letters, digits, ".", "_" and "-", at most 249 of them',
    of: [ERRORS.ERR_TOPIC_EXCEPTION],
  },
  denied('topic', 'Read, Write, Describe and Create on the topic', ERRORS.ERR_TOPIC_AUTHORIZATION_FAILED),
  denied('group', 'Read on groups with the prefix millrace.', ERRORS.ERR_GROUP_AUTHORIZATION_FAILED),
  denied('cluster', 'IdempotentWrite, Describe and Create on the cluster', ERRORS.ERR_CLUSTER_AUTHORIZATION_FAILED),
  denied(
    'transactional id',
    'Write and Describe on transactional ids with the prefix millrace.',
    ERRORS.ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  ),
  {
    code: 'kafka-message-too-large',
    domain: 'user',
    says: 'does not take a message of this size',
    remedy:
      'raise max.message.bytes of the topic and message.max.bytes under options: of connections.broker, or write fewer rows a message',
    of: [ERRORS.ERR_MSG_SIZE_TOO_LARGE, ERRORS.ERR_RECORD_LIST_TOO_LARGE, ERRORS.ERR_INVALID_MSG_SIZE],
  },
  {
    code: 'kafka-replicas',
    domain: 'external',
    retry: 'backoff',
    says: 'has too few replicas in sync to keep what is written',
    remedy: 'bring the missing brokers back, or lower min.insync.replicas of the topic',
    of: [ERRORS.ERR_NOT_ENOUGH_REPLICAS, ERRORS.ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, ERRORS.ERR__ISR_INSUFF],
  },
  {
    code: 'kafka-fenced',
    domain: 'external',
    says: 'has given the work to another process',
    remedy: 'nothing, unless it repeats: then look whether two processes use one name, or one is too slow to answer its broker',
    of: [
      ...[ERRORS.ERR__FENCED, ERRORS.ERR_INVALID_PRODUCER_EPOCH, ERRORS.ERR_FENCED_INSTANCE_ID, ERRORS.ERR_UNKNOWN_MEMBER_ID],
      ...[ERRORS.ERR_ILLEGAL_GENERATION, ERRORS.ERR__ASSIGNMENT_LOST, ERRORS.ERR_TRANSACTION_COORDINATOR_FENCED],
      ...[ERRORS.ERR_INVALID_PRODUCER_ID_MAPPING, ERRORS.ERR__MAX_POLL_EXCEEDED],
    ],
  },
  {
    code: 'kafka-position-gone',
    domain: 'external',
    says: 'no longer has the messages from this offset on',
    remedy: 'raise retention.ms of the topic above the longest stop, then start anew with millrace reset',
    of: [ERRORS.ERR_OFFSET_OUT_OF_RANGE, ERRORS.ERR__AUTO_OFFSET_RESET, ERRORS.ERR__LOG_TRUNCATION],
  },
  {
    code: 'kafka-setting',
    domain: 'user',
    says: 'or its client does not take a setting',
    remedy: 'correct options: of connections.broker',
    of: [ERRORS.ERR__INVALID_ARG, ERRORS.ERR_INVALID_CONFIG, ERRORS.ERR_INVALID_SESSION_TIMEOUT, ERRORS.ERR_INVALID_REQUIRED_ACKS],
  },
  {
    code: 'kafka-setting',
    domain: 'user',
    says: 'does not take so long a transaction',
    remedy: 'raise transaction.max.timeout.ms of the brokers, or lower transaction.timeout.ms under options: of connections.broker',
    of: [ERRORS.ERR_INVALID_TRANSACTION_TIMEOUT],
  },
  {
    code: 'kafka-setting',
    domain: 'user',
    says: 'cannot keep so many copies of a topic',
    remedy: 'start more brokers, or lower default.replication.factor of the brokers',
    of: [ERRORS.ERR_INVALID_REPLICATION_FACTOR],
  },
  {
    code: 'kafka-policy',
    domain: 'user',
    says: 'has a policy against this',
    remedy: 'ask who runs it which topics may be made, or create the topic by hand',
    of: [ERRORS.ERR_POLICY_VIOLATION],
  },
  {
    code: 'kafka-version',
    domain: 'user',
    says: 'is of a version that lacks this',
    remedy: 'use brokers of version 2.5 or newer; 3.7 or newer is recommended',
    of: [ERRORS.ERR_UNSUPPORTED_VERSION, ERRORS.ERR__UNSUPPORTED_FEATURE, ERRORS.ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT],
  },
  {
    code: 'kafka-disk',
    domain: 'external',
    retry: 'backoff',
    says: 'fails to use its disk',
    remedy: 'look into the logs of the brokers, and at their disks',
    of: [ERRORS.ERR_KAFKA_STORAGE_ERROR],
  },
  {
    code: 'kafka-timeout',
    domain: 'external',
    retry: 'backoff',
    says: 'did not answer in time',
    remedy: 'look whether all brokers run, and how busy they are',
    of: [
      ERRORS.ERR__TIMED_OUT,
      ERRORS.ERR_REQUEST_TIMED_OUT,
      ERRORS.ERR__MSG_TIMED_OUT,
      ERRORS.ERR__TIMED_OUT_QUEUE,
      ERRORS.ERR__QUEUE_FULL,
    ],
  },
  {
    code: 'kafka-leader-moves',
    domain: 'external',
    retry: 'backoff',
    says: 'is changing who leads: the broker that was asked does not, or not yet',
    remedy: 'nothing, unless it stays: then look whether all brokers run, and into their logs',
    of: [
      ...[ERRORS.ERR_LEADER_NOT_AVAILABLE, ERRORS.ERR_NOT_LEADER_FOR_PARTITION, ERRORS.ERR_REPLICA_NOT_AVAILABLE],
      ...[ERRORS.ERR_FENCED_LEADER_EPOCH, ERRORS.ERR_UNKNOWN_LEADER_EPOCH, ERRORS.ERR_OFFSET_NOT_AVAILABLE],
      ...[ERRORS.ERR_PREFERRED_LEADER_NOT_AVAILABLE, ERRORS.ERR_ELIGIBLE_LEADERS_NOT_AVAILABLE, ERRORS.ERR_ELECTION_NOT_NEEDED],
      ...[ERRORS.ERR_NOT_CONTROLLER, ERRORS.ERR_STALE_CTRL_EPOCH, ERRORS.ERR_STALE_BROKER_EPOCH],
      ...[ERRORS.ERR_COORDINATOR_NOT_AVAILABLE, ERRORS.ERR_COORDINATOR_LOAD_IN_PROGRESS, ERRORS.ERR_NOT_COORDINATOR],
      ...[ERRORS.ERR__WAIT_COORD, ERRORS.ERR__NOENT, ERRORS.ERR__UNKNOWN_BROKER, ERRORS.ERR__DESTROY_BROKER],
    ],
  },
  {
    code: 'kafka-not-ready',
    domain: 'external',
    retry: 'backoff',
    says: 'or its client is still at something else, and asks to be asked again',
    remedy: 'nothing, unless it stays: then look whether all brokers run, and how busy they are',
    of: [
      ...[ERRORS.ERR_REBALANCE_IN_PROGRESS, ERRORS.ERR_CONCURRENT_TRANSACTIONS, ERRORS.ERR_UNSTABLE_OFFSET_COMMIT],
      ...[ERRORS.ERR__WAIT_CACHE, ERRORS.ERR__RETRY, ERRORS.ERR__NODE_UPDATE, ERRORS.ERR__PARTIAL, ERRORS.ERR__OUTDATED],
      ...[ERRORS.ERR__IN_PROGRESS, ERRORS.ERR__PREV_IN_PROGRESS],
    ],
  },
];

const BY_CODE: ReadonlyMap<number, Meaning> = new Map(MEANINGS.flatMap((meaning) => meaning.of.map((code) => [code, meaning] as const)));

/** Names by code; of a code with two names the first, as the protocol calls it now. */
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(ERRORS)
    .map(([name, code]) => [code, name] as const)
    .toReversed(),
);

/**
 * What a failed call of a Kafka client means. `doing` says what was tried ("writing topic trades"), `shown` is the address without secrets.
 * An error of ours stays what it is; what has no code is a fault of the client, `kafka-client`.
 */
export function kafkaError(cause: unknown, doing: string, shown: string): MillraceError {
  if (cause instanceof MillraceError) return cause;
  const text = cause instanceof Error ? cause.message.trim() : String(cause);
  const code = kafkaCode(cause);
  if (code === null) return new MillraceError(`${doing}, Kafka at ${shown}: ${text}`, { code: 'kafka-client', domain: 'internal', cause });
  const number = `${code} ${NAMES.get(code) ?? 'unknown to this client'}`;
  const { says, of: _codes, ...meant } = BY_CODE.get(code) ?? other(cause);
  return new MillraceError(`${doing}: Kafka at ${shown} ${says} (${number}: ${text})`, { ...meant, cause });
}

/** The error of a client that could not be made: the library names the setting and its value in its message. */
export function settingError(cause: unknown, shown: string): MillraceError {
  if (cause instanceof MillraceError) return cause;
  const text = cause instanceof Error ? cause.message.trim() : String(cause);
  return new MillraceError(`options of Kafka at ${shown}: ${text}`, {
    code: 'kafka-setting',
    domain: 'user',
    remedy: 'correct options: of connections.broker',
    cause,
  });
}

/** The code of an error of the package, or null where it has none. */
export function kafkaCode(cause: unknown): number | null {
  if (!(cause instanceof Error) || !('code' in cause) || typeof cause.code !== 'number') return null;
  return cause.code === ERRORS.ERR_UNKNOWN ? (EVENT_CODES.get(cause.message) ?? cause.code) : cause.code;
}

/**
 * Codes of `event.error`: there the package hands on the library's own text of the code (`rd_kafka_err2str`, in lower case, without what
 * stands before the colon), but not the code. A test compares the texts with the library's.
 */
export const EVENT_CODES: ReadonlyMap<string, number> = new Map([
  ['broker transport failure', ERRORS.ERR__TRANSPORT],
  ['all broker connections are down', ERRORS.ERR__ALL_BROKERS_DOWN],
  ['host resolution failure', ERRORS.ERR__RESOLVE],
  ['authentication failure', ERRORS.ERR__AUTHENTICATION],
  ['ssl error', ERRORS.ERR__SSL],
  ['timed out', ERRORS.ERR__TIMED_OUT],
  ['fatal error', ERRORS.ERR__FATAL],
  ['maximum application poll interval (max.poll.interval.ms) exceeded', ERRORS.ERR__MAX_POLL_EXCEEDED],
  ['no offset to automatically reset to', ERRORS.ERR__AUTO_OFFSET_RESET],
  ['sasl authentication failed', ERRORS.ERR_SASL_AUTHENTICATION_FAILED],
  ['topic authorization failed', ERRORS.ERR_TOPIC_AUTHORIZATION_FAILED],
  ['group authorization failed', ERRORS.ERR_GROUP_AUTHORIZATION_FAILED],
  ['cluster authorization failed', ERRORS.ERR_CLUSTER_AUTHORIZATION_FAILED],
  ['transactional id authorization failed', ERRORS.ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED],
]);

function denied(what: string, rights: string, code: number): Meaning {
  return {
    code: 'kafka-denied',
    domain: 'user',
    says: `does not allow this user what it needs: access to the ${what}`,
    remedy: `grant the user ${rights}; docs/cluster.md lists all rights`,
    of: [code],
  };
}

function other(cause: unknown): Meaning {
  const again = cause instanceof Error && 'isRetriable' in cause && cause.isRetriable === true;
  return { code: 'kafka-refused', domain: 'external', retry: again ? 'backoff' : 'never', says: 'refused', of: [] };
}

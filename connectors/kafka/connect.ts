import type { KafkaConsumer, LibrdKafkaError, Metadata, Producer } from '@confluentinc/kafka-javascript';
import kafka from '@confluentinc/kafka-javascript';
import type { MillraceError } from '../../graph/contract/error.ts';
import { kafkaCode, kafkaError, settingError } from './errors.ts';

const { ERRORS } = kafka.CODES;

const POLL_MS = 20;
/** How long another broker may still take us after one has said why it does not, ms. */
const GRACE_MS = 1_000;

/** Codes that say less than what came before them: the connection is gone, for whatever reason. */
const VAGUE: ReadonlySet<number> = new Set([ERRORS.ERR__TRANSPORT, ERRORS.ERR__ALL_BROKERS_DOWN, ERRORS.ERR__TIMED_OUT]);

/** A client of the library; throws `kafka-setting` where a setting is refused. */
export function made<T>(make: () => T, shown: string): T {
  try {
    return make();
  } catch (cause) {
    throw settingError(cause, shown);
  }
}

/**
 * Connects a producer and asks the brokers who they are. The call itself fails as "transport failure" whatever the reason; the reason comes
 * as an event, and only while the client is polled. Throws `kafka-…`, whose code tells wrong address, name, password and encryption apart.
 */
export async function connectProducer(producer: Producer, shown: string, timeoutMs: number): Promise<Metadata> {
  let reason: LibrdKafkaError | null = null;
  let grace: NodeJS.Timeout | undefined;
  let giveUp: (error: LibrdKafkaError) => void = () => undefined;
  const told = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const listen = (error: LibrdKafkaError): void => {
    if (reason !== null || VAGUE.has(kafkaCode(error) ?? 0)) return;
    reason = error;
    grace = setTimeout(giveUp, GRACE_MS, error);
  };
  producer.on('event.error', listen);
  const polling = setInterval(() => {
    if (producer.isConnected()) producer.poll();
  }, POLL_MS);
  try {
    return await Promise.race([connect(producer, timeoutMs), told]);
  } catch (error) {
    throw failed(reason ?? error, shown);
  } finally {
    clearInterval(polling);
    clearTimeout(grace);
    producer.off('event.error', listen);
  }
}

/** Connects a consumer; a producer of the same settings has been connected before, so that the reason of a failure is known. */
export async function connectConsumer(consumer: KafkaConsumer, shown: string, timeoutMs: number): Promise<Metadata> {
  try {
    return await connect(consumer, timeoutMs);
  } catch (error) {
    throw failed(error, shown);
  }
}

function connect(client: Producer | KafkaConsumer, timeoutMs: number): Promise<Metadata> {
  return new Promise((resolve, reject) => {
    client.connect({ timeout: timeoutMs }, (error, metadata) => (error ? reject(error) : resolve(metadata)));
  });
}

/** `ERR__STATE` of a client that is not there yet: the library could not make it from its settings. */
function failed(error: unknown, shown: string): MillraceError {
  return kafkaCode(error) === ERRORS.ERR__STATE ? settingError(error, shown) : kafkaError(error, 'connecting', shown);
}

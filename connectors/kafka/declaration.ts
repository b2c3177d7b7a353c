import type { ClientConnection, ConnectionFault } from '../../graph/contract/connection.ts';
import { MillraceError } from '../../graph/contract/error.ts';
import { brokerAddress } from './address.ts';
import { CLIENT_SETTINGS, CONSUMER_SETTINGS, PRODUCER_SETTINGS } from './librdkafka.ts';
import { isFileOption, optionFault, PROTOCOL_SETTINGS } from './settings.ts';

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** What `connections.broker` may say of a Kafka cluster: its address, and all settings of librdkafka but those the protocol depends on. */
export const kafkaConnection: ClientConnection = {
  name: 'broker',
  addressFault(connection): ConnectionFault | null {
    try {
      brokerAddress(connection);
      return null;
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'kafka-address') throw error;
      return { message: error.message, ...(error.remedy === undefined ? {} : { hint: sentence(error.remedy) }) };
    }
  },
  options: [...CLIENT_SETTINGS, ...PRODUCER_SETTINGS, ...CONSUMER_SETTINGS].filter((name) => !PROTOCOL_SETTINGS.has(name)),
  optionFault(name, value) {
    const fault = optionFault(name, value);
    if (fault === null) return null;
    const { says, remedy, isUnknown } = fault;
    return { message: `option ${says}`, unknown: isUnknown, ...(remedy === null ? {} : { hint: sentence(remedy) }) };
  },
  isFile: isFileOption,
};

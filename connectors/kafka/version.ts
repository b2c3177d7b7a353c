import type { Connection } from '../../graph/contract/connector.ts';

/** Version of the brokers as far as it can be told, for people; notes when it is older than recommended. */
export async function brokerVersion(_connection: Connection, _note: (line: string) => void): Promise<string> {
  return '';
}

import { readFileSync } from 'node:fs';
import { dependency, type Jars } from './jars.ts';

const VERSION = '4.4.0';

/** `<sha256>  <jar>` a line, as `sha256sum` writes and checks them. */
const lines = readFileSync(new URL('./kafka.sha256', import.meta.url), 'utf8')
  .trim()
  .split('\n');

/** Kafka's broker, and a logger that writes warnings to standard error. */
export const KAFKA: Jars = {
  name: `kafka-${VERSION}`,
  dependencies:
    dependency('org.apache.kafka', 'kafka_2.13', VERSION, ['kafka-tools-api']) + // not on Maven Central, and only the tools need it
    dependency('org.slf4j', 'slf4j-simple', '1.7.36'),
  sums: Object.fromEntries(lines.map((line) => line.split('  ').reverse() as [string, string])),
  leastJava: 17,
};

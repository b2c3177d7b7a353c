import { setFlagsFromString } from 'node:v8';
import { main } from '../cli/main.ts';

setFlagsFromString('--heap-growing-percent=300'); // as cli/millrace.cjs does
await main(process.argv.slice(2));

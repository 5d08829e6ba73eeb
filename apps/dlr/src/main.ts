// dlr as a process of its own. It needs a log that processes share; the embedded one lives in a single process, standalone's.
import { readCommonConfig } from '@kwota/service-kit/common-config';
import { readDlrConfig } from './dlr.config.js';

const { messaging } = readCommonConfig(process.env);
readDlrConfig(process.env);
const reasons = {
  embedded: 'the embedded log cannot be shared: run standalone, or set KWOTA_MESSAGING=kafka',
  kafka: 'this version has no Kafka adapter yet: run standalone',
};
process.stderr.write(`dlr: KWOTA_MESSAGING=${messaging}: ${reasons[messaging]}\n`);
process.exitCode = 1;

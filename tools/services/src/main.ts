// npm run services: the six services over Kafka, each its own process, on the ports of DESIGN §8; it goes on when one of them dies.
import { keepSecretKey } from '@kwota/service-kit/secret-key';
import { ServiceProcess, serviceNames } from './service-process.js';

// The admin ports are each service's own default: one for all would clash.
const given = Object.fromEntries(Object.entries(process.env as Record<string, string>).filter(([name]) => name !== 'KWOTA_ADMIN_PORT'));
const dataDir = given['KWOTA_DATA_DIR'] || './data';
const environment = {
  ...given,
  KWOTA_MESSAGING: 'kafka',
  KWOTA_KAFKA_BROKERS: given['KWOTA_KAFKA_BROKERS'] || '127.0.0.1:9092',
  KWOTA_SECRET_KEY: given['KWOTA_SECRET_KEY'] || keepSecretKey(dataDir),
};

let stopping = false;
const services = serviceNames.map((service) => {
  const one = new ServiceProcess({ service, environment, machine: 'alone', onLine: (line) => void (line.startsWith('{') ? process.stdout : process.stderr).write(`${line}\n`) });
  one.whenEnded((code, signal) => {
    if (!stopping) process.stderr.write(`services: ${service} has ended (${signal ?? `exit code ${code}`}); the others go on. It can be started alone: node apps/${service}/dist/main.js, with the same settings (docs/runbook.md)\n`);
    if (services.every(({ isRunning }) => !isRunning)) process.exit(stopping ? 0 : 1);
  });
  return one;
});

const stop = (): void => {
  if (stopping) process.exit(1);
  stopping = true;
  for (const service of services) void service.stop();
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

process.stderr.write(`services: six processes over Kafka at ${environment.KWOTA_KAFKA_BROKERS}, data in ${dataDir}; Ctrl-C stops them\n`);
for (const service of services) service.start();

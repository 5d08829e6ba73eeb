// All six services in one process over one embedded log, the default of `npm start`. Each is a Nest application of its own: in one
// container every strategy would see every handler.
import { startStandalone } from './standalone.js';

try {
  await startStandalone(process.env);
} catch (error) {
  // What an operator can mend is said in a sentence; the stack is for everybody else, with KWOTA_LOG_LEVEL=debug.
  const { message, stack } = error as Error;
  process.stderr.write(`kwota does not start: ${process.env['KWOTA_LOG_LEVEL'] === 'debug' ? stack : message}\n`);
  process.exit(1);
}

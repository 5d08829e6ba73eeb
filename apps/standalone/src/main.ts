// All six services in one process over one embedded log, the default of `npm start`. Each is a Nest application of its own: in one
// container every strategy would see every handler.
import { startStandalone } from './standalone.js';

await startStandalone(process.env);

// An instance as a process that a test can kill or pause: two-instances.process.ts <InstanceOptions as JSON> <data folder>. It says when it
// has started, and when it has published what it was told.
import { startInstance, type InstanceOptions, type ToInstance } from './two-instances.js';

const instance = await startInstance(JSON.parse(process.argv[2] ?? '') as InstanceOptions, process.argv[3]);
process.on('message', ({ accept, receive }: ToInstance) => {
  void Promise.all([instance.accept(...accept), instance.receive(...receive)]).then(() => process.send?.('published'));
});
process.on('disconnect', () => process.exit(0));
process.send?.('started');

import { freePort, isFree } from './free-port.js';

it('gives each port once while its process runs, though nobody listens there yet', async () => {
  const ports = await Promise.all(Array.from({ length: 300 }, freePort));
  expect(new Set(ports).size).toBe(ports.length);
  expect(await isFree(ports[0] as number)).toBe(true);
});

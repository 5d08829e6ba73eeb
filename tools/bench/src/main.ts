// Measures what DESIGN §10 asks for and prints it beside the goals; writes bench-results.json. Nothing else should run meanwhile.
import { writeFileSync } from 'node:fs';
import { benchEndpoints } from './endpoints.js';
import { benchDelivery, benchHttp } from './standalone.js';
import { benchKafka } from './kafka.js';
import { benchLedgerCore } from './ledger-core.js';
import { measureLimits } from './limits.js';
import type { Figure } from './figure.js';

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const wants = (suite: string): boolean => wanted.length === 0 || wanted.includes(suite);
const limits = measureLimits();
const figures: Figure[] = [
  { case: 'L1: fdatasync of a 300-byte append', value: limits.l1PerSecond, unit: '/s' },
  { case: 'L2: JSON.stringify + SHA-256, chained, 300 bytes', value: limits.l2PerSecond, unit: '/s' },
];
if (wants('ledger')) figures.push(...(await benchLedgerCore(limits)));
if (wants('http')) figures.push(...(await benchHttp()));
if (wants('delivery')) figures.push(...(await benchDelivery()));
if (wants('endpoints')) figures.push(...(await benchEndpoints()));
if (wants('kafka')) figures.push(...((await benchKafka()) ?? []));

console.table(Object.fromEntries(figures.map(({ case: name, value, unit, goal }) => [name, { value: Math.round(value * 100) / 100, unit, goal: goal ?? '' }])));
writeFileSync('bench-results.json', `${JSON.stringify({ node: process.version, limits, figures }, null, 2)}\n`);

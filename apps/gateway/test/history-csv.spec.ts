import type { MessageView } from '@kwota/contracts/dlr.requests.v1';
import type { IncomingView } from '@kwota/contracts/phones.requests.v1';
import { RequestClient } from '@kwota/service-kit/request-client';
import { GatewaySettings } from '../src/edge/gateway-settings.js';
import { HistoryCsvClient, rowsPerFileMax } from '../src/export-history/history-csv.client.js';
import { incomingCsvRow } from '../src/export-history/messages.csv.js';
import { readGatewayConfig } from '../src/gateway.config.js';

const account = 'sms-kw00001-1';
const messageOf = (messageId: number): MessageView => ({
  ...{ messageId, userId: null, receiver: '+33600000004', sender: 'KWOTA', text: 'Hello', tag: '', parts: 1, creditsMilli: 1_000, ptt: 4, dlr: 1, final: true },
  ...{ acceptedAtMs: 0, deferredUntilMs: null, submittedAtMs: null, deliveredAtMs: null },
});
/** A dlr that has so many messages, each id the one before and one. */
const historyOf = (count: number) => {
  const ask = async (_: unknown, { afterMessageId, limit }: { afterMessageId: number; limit: number }) => ({
    messages: Array.from({ length: Math.min(limit, count - afterMessageId) }, (_, index) => messageOf(afterMessageId + index + 1)),
  });
  return new HistoryCsvClient({ ask } as unknown as RequestClient, new GatewaySettings(readGatewayConfig({})));
};
const idsIn = async (pieces: AsyncGenerator<string>): Promise<number[]> => {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text.trim().split('\n').slice(1).map((line) => Number.parseInt(line, 10));
};

it.each([0, 1, 300, 601])('%i messages are as many lines, each once', async (count) => {
  expect(await idsIn(historyOf(count).outgoing({ account }))).toEqual(Array.from({ length: count }, (_, index) => index + 1));
});

it('a file has 100,000 lines at most', async () => {
  const ids = await idsIn(historyOf(rowsPerFileMax + 1).outgoing({ account }));
  expect([rowsPerFileMax, ids.length, ids.at(-1)]).toEqual([100_000, 100_000, 100_000]);
});

it('a message from a phone is a line with its text as it was written', () => {
  const message: IncomingView = { id: 7, userId: null, sender: '+33600000004', text: 'Yes; "at six"', tag: 'parcels', receivedAtMs: Date.UTC(2026, 6, 1, 12) };
  expect(incomingCsvRow(message, 'Europe/Paris')).toBe('7;2026-07-01 14:00:00;+33600000004;"parcels";"Yes; ""at six"""\n');
});

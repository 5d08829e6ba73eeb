import { generateSignerKey, parseSignerKey } from '@kwota/audit-log/note-keys';
import { aShopAndABank } from '@kwota/audit-log/testing';
import { audit, auditJson, inFolder, logKey, logName, write, writeCheckpoint, writeExport } from './audit-under-test.js';

const history = aShopAndABank().stored;
const key = logKey.verifier.text;
let file: string;
beforeAll(async () => (file = await writeExport('history.jsonl', history)));

describe('a witness', () => {
  const witnessKey = generateSignerKey('witness.example.net', 'witness');
  const environment = { KWOTA_AUDIT_WITNESS_KEY: witnessKey };
  const state = inFolder('witness.json');
  const request = async (name: string, size: number, seen: string, source = file, events = history) => {
    const [checkpoint, out] = [writeCheckpoint(`${name}.txt`, events, size), inFolder(`${name}.request`)];
    expect(await audit(['checkpoint', '--checkpoint', checkpoint, '--for-witness', seen, '--export', source, '--out', out])).toMatchObject({ exitCode: 0 });
    return out;
  };
  const witness = (requestFile: string, ...options: string[]) => auditJson(['witness', requestFile, '--state', state, '--key', key, ...options], environment);

  it('cosigns what goes on from what it saw before, and nothing else', async () => {
    const [first, cosigned] = [await request('first', 12, '0'), inFolder('cosigned.txt')];
    expect(await witness(first)).toMatchObject({ exitCode: 0, found: { outcome: 'cosigned', size: 12 } });
    expect(await witness(await request('second', history.length, inFolder('first.txt')), '--out', cosigned)).toMatchObject({
      exitCode: 0,
      found: { size: history.length },
    });
    expect(await witness(first)).toMatchObject({ exitCode: 1, found: { refusal: 'smaller-than-seen', seenSize: history.length } });

    const rewritten = history.toReversed().map((event, at) => ({ ...event, position: at + 1 }));
    const longer = [...rewritten, { ...history[0]!, position: history.length + 1 }];
    const source = await writeExport('rewritten.jsonl', longer);
    expect(await witness(await request('split', history.length, '0', source, longer))).toMatchObject({ exitCode: 1, found: { refusal: 'split-view' } });
    expect(await witness(await request('third', longer.length, '0', source, longer))).toMatchObject({ exitCode: 1, found: { refusal: 'old-size-differs' } });
    writeCheckpoint('rewritten-before.txt', longer, history.length);
    expect(await witness(await request('fourth', longer.length, inFolder('rewritten-before.txt'), source, longer))).toMatchObject({
      exitCode: 1,
      found: { refusal: 'inconsistent' },
    });

    const keys = [key, parseSignerKey(witnessKey).verifier.text].flatMap((text) => ['--key', text]);
    const verified = await auditJson<{ checkpoints: { signedBy: string[] }[] }>(['verify', '--export', file, '--checkpoint', cosigned, ...keys]);
    expect(verified).toMatchObject({
      exitCode: 0,
      found: {
        checkpoints: [{ signature: 'signed', signedBy: [expect.stringContaining(logName), expect.stringContaining('witness witness.example.net at 2')] }],
      },
    });
  });

  it('knows only the logs that it was told of', async () => {
    const args = ['witness', await request('unknown', 12, '0'), '--state', inFolder('other.json')];
    expect(await auditJson(args, environment)).toMatchObject({ exitCode: 1, found: { refusal: 'origin-unknown' } });
  });

  it('has a key of its own', async () => {
    const args = ['witness', await request('own', 12, '0'), '--state', inFolder('own.json'), '--key', key];
    expect((await audit(args)).exitCode).toBe(2);
    expect((await audit(args, { KWOTA_AUDIT_WITNESS_KEY: generateSignerKey('w', 'log') })).exitCode).toBe(2);
  });

  it('takes no other file for its state', async () => {
    const args = ['witness', await request('state', 12, '0'), '--state', write('odd-state.json', 'nonsense'), '--key', key];
    expect((await audit(args, environment)).exitCode).toBe(2);
  });
});

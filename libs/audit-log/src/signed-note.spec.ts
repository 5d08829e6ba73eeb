import { checkpointText, parseCheckpoint } from './checkpoint.js';
import { emptyRoot } from './merkle-tree.js';
import { generateSignerKey, NotAKey, parseSignerKey, parseSignerKeys, parseVerifierKey } from './note-keys.js';
import { formatNote, NotANote, parseNote, signNote, verifyNote } from './signed-note.js';

/** The example of c2sp.org/signed-note. */
const c2spKey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
const c2spNote = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`;
/** The example of Go's golang.org/x/mod/sumdb/note. */
const goKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const goSigner = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const goNote =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

const logName = 'kwota.example.org/ledger';
const oldKey = parseSignerKey(generateSignerKey(logName, 'log'));
const newKey = parseSignerKey(generateSignerKey(logName, 'log'));
const witness = parseSignerKey(generateSignerKey('witness.example.net', 'witness'));
const text = checkpointText({ origin: logName, size: 3, root: emptyRoot });

describe('a signed note', () => {
  it.each([
    ['C2SP', c2spKey, c2spNote],
    ['Go', goKey, goNote],
  ])('of %s verifies, and is written again as it was', (_, vkey, note) => {
    expect(verifyNote(parseNote(note), [parseVerifierKey(vkey)])).toMatchObject({ ok: true });
    expect(formatNote(parseNote(note))).toBe(note);
  });

  it('is signed as Go signs it', () => {
    const { text: words } = parseNote(goNote);
    expect(formatNote(signNote(words, [parseSignerKey(goSigner)]))).toBe(goNote);
  });

  it('with another text is forged', () =>
    expect(verifyNote(parseNote(c2spNote.replace('example m', 'Example m')), [parseVerifierKey(c2spKey)])).toMatchObject({ ok: false, reason: 'forged' }));

  it('of nobody known proves nothing', () =>
    expect(verifyNote(parseNote(c2spNote), [parseVerifierKey(goKey)])).toMatchObject({ ok: false, reason: 'no-known-signature' }));

  it('may be signed by an old key and a new one: who knows either takes it', () => {
    const note = parseNote(formatNote(signNote(text, [oldKey, newKey])));
    for (const { verifier } of [oldKey, newKey]) expect(verifyNote(note, [verifier])).toMatchObject({ ok: true, by: [{ key: { id: verifier.id } }] });
  });

  it('with one forged line of a known key is refused, whatever the others say', () => {
    const { signatures } = signNote(text, [oldKey]);
    const [forged] = signNote('another\n', [newKey]).signatures;
    expect(verifyNote({ text, signatures: [...signatures, forged!] }, [oldKey.verifier, newKey.verifier])).toMatchObject({ ok: false, reason: 'forged' });
    expect(verifyNote({ text, signatures: [...signatures, forged!] }, [oldKey.verifier])).toMatchObject({ ok: true });
  });

  it('of a witness holds the time of its signing', () => {
    const note = signNote(text, [witness], 1_900_000_000);
    expect(verifyNote(note, [witness.verifier])).toMatchObject({ ok: true, by: [{ timeSeconds: 1_900_000_000 }] });
    const later = Buffer.from(note.signatures[0]!.signature);
    later[7]! ^= 1;
    expect(verifyNote({ text, signatures: [{ ...note.signatures[0]!, signature: later }] }, [witness.verifier])).toMatchObject({ ok: false });
  });

  it.each([
    ['no signatures', 'text\n'],
    ['no blank line', c2spNote.replace('\n\n', '\n')],
    ['a cut end', c2spNote.slice(0, -1)],
    ['a hyphen for the dash', c2spNote.replace('—', '-')],
    ['a second blank', c2spNote.replace('— ', '—  ')],
    ['a carriage return', c2spNote.replace('message.', 'message.\r')],
    ['base64 without its padding', c2spNote.replace('=', '')],
    ['base64 with loose bits', c2spNote.replace('aQM=', 'aQN=')],
    ['a name with a plus', c2spNote.replace('com/foo', 'com+foo')],
  ])('is refused with %s', (_, note) => expect(() => parseNote(note)).toThrow(NotANote));
});

describe('a key', () => {
  it('is the same in both forms', () => expect(parseVerifierKey(oldKey.verifier.text).id).toBe(oldKey.id));

  it.each(['', 'x', c2spKey.replace('530d903a', '530d903b'), c2spKey.replace('foo', 'fox'), `${c2spKey}A`, 'example.com/foo+530d903a+AA=='])(
    '%j is none',
    (given) => expect(() => parseVerifierKey(given)).toThrow(NotAKey),
  );

  it('that is wrong is not repeated', () => expect(() => parseSignerKey(`${goSigner}SECRET`)).toThrow(/^(?!.*SECRET)/));

  it('signs together with others of its name alone', () => {
    const [one, other] = [generateSignerKey('a', 'log'), generateSignerKey('b', 'log')];
    expect(parseSignerKeys(`${one}, ${generateSignerKey('a', 'log')}`)).toHaveLength(2);
    expect(() => parseSignerKeys(`${one}\n${other}`)).toThrow(NotAKey);
  });
});

describe('a checkpoint', () => {
  it('is origin, size and root', () => {
    const note = formatNote(signNote(text, [oldKey]));
    expect(note.split('\n').slice(0, 4)).toEqual([logName, '3', '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=', '']);
    expect(parseCheckpoint(note)).toMatchObject({ origin: logName, size: 3, root: Buffer.from(emptyRoot) });
  });

  it.each(['03', '-1', '1e3', '', '9007199254740993'])('has no size %j', (size) =>
    expect(() => parseCheckpoint(formatNote(signNote(text.replace('\n3\n', `\n${size}\n`), [oldKey])))).toThrow(NotANote),
  );

  it('has a root of 32 bytes', () => expect(() => parseCheckpoint(formatNote(signNote(`${logName}\n3\nAAAA\n`, [oldKey])))).toThrow(NotANote));
});

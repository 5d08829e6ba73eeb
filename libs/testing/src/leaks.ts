// What no log, store or public topic may hold (DESIGN §5, §6). Whatever a test starts is looked through when it ends, so that a whole CI run is.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** By what they are called: `password`, `operatorToken`, … */
export type KnownSecrets = Readonly<Record<string, string>>;

/** A whole French mobile number, as the tests send to; within a hash or a longer number it is none. */
const number = /(?<![0-9A-Za-z])(?:\+|00|%2B)?33[67]\d{8}(?![0-9A-Za-z])/;
/** The query of http2sms. */
const query = /[?&](?:password|message)=/;
/** What a first start shows once, by design. */
const shownOnce = /^ {2}\w+ +\S+$/;
const secretNames: readonly string[] = ['password', 'applicationSecret', 'consumerKey', 'clientSecret', 'operatorToken'];
/** Known by its key alone, as OVH's clients send it with each request. */
const keptAsIs: ReadonlySet<string> = new Set(['consumerKey']);
/** Made for its reader alone (mode 0600). */
const firstStartFiles = /^first-start(?:\.pending)?\.json$/;
/** Below the data folder: here are neither texts nor numbers. */
const withoutNumbers = /^(?:ledger|users)(?:-\d+)?\//;
const publicTopics = /kwota\.(?:credit|delivery|alerts|users)\.v1-\d+$/;

export const secretsOf = (first: Readonly<Record<string, string | undefined>>): KnownSecrets =>
  Object.fromEntries(secretNames.flatMap((name) => (first[name] ? [[name, first[name]]] : [])));

const found = (content: string, secrets: KnownSecrets): string[] => Object.keys(secrets).filter((name) => content.includes(secrets[name] as string));

export const leaksInLines = (lines: readonly string[], secrets: KnownSecrets): string[] =>
  lines.flatMap((line, index) => {
    if (shownOnce.test(line)) return [];
    const kinds = found(line, secrets);
    if (number.test(line)) kinds.push('a telephone number');
    if (query.test(line)) kinds.push("http2sms's query");
    return kinds.map((kind) => `line ${index + 1} has ${kind}`);
  });

/** A service's data, or standalone's. */
export const leaksInData = (dataDir: string, secrets: KnownSecrets): string[] => {
  const sought = Object.fromEntries(Object.entries(secrets).filter(([name]) => !keptAsIs.has(name)));
  return filesIn(dataDir).flatMap((file) => {
    const name = relative(dataDir, file);
    if (firstStartFiles.test(name)) return [];
    const content = readFileSync(file, 'latin1');
    const kinds = found(content, sought);
    if (withoutNumbers.test(name) && number.test(content)) kinds.push('a telephone number');
    return kinds.map((kind) => `${name} has ${kind}`);
  });
};

/** The segments of a broker's public topics. */
export const leaksInTopics = (logFolder: string): string[] =>
  existsSync(logFolder)
    ? readdirSync(logFolder)
        .filter((partition) => publicTopics.test(partition))
        .flatMap((partition) => filesIn(join(logFolder, partition)))
        .filter((file) => file.endsWith('.log') && number.test(readFileSync(file, 'latin1')))
        .map((file) => `${relative(logFolder, file)} has a telephone number`)
    : [];

/** @throws Error with what was found, never with the thing itself. */
export const refuseLeaks = (where: string, leaks: readonly string[]): void => {
  if (leaks.length > 0) throw new Error(`what ${where} wrote must not be there: ${leaks.slice(0, 5).join('; ')}${leaks.length > 5 ? `; and ${leaks.length - 5} more` : ''}`);
};

const filesIn = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder, { withFileTypes: true, recursive: true }).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : [])) : [];

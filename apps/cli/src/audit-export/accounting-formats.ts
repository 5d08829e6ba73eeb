// Plain-text accounting: each event a transaction, each posting with the balance that it must lead to.
import { exactCredits } from '../report.js';
import type { Entry, Transaction } from './double-entry.js';

type Lines = AsyncGenerator<string>;

const dayOf = (time: string): string => time.slice(0, 10);
const amount = (milliCredits: number): string => `${exactCredits(milliCredits)} CREDIT`;

/** hledger and ledger read the same transactions and declare them each in its own way. */
const journal = (head: string, declare: (account: string) => string) =>
  async function* (transactions: AsyncIterable<Transaction>): Lines {
    yield `${head}tag position\ntag revision\ntag time\n`;
    for await (const { event, time, type, entries } of transactions) {
      for (const { account, posting } of entries.filter(({ isFirst }) => isFirst)) yield declare(`${account}:${posting}`);
      const lines = entries.map(
        ({ account, posting, amountMilliCredits, balanceMilliCredits }) =>
          `    ${account}:${posting}  ${amount(amountMilliCredits)} = ${amount(balanceMilliCredits)}`,
      );
      yield `\n${dayOf(time)} * ${type}\n    ; position: ${event.position}\n    ; revision: ${event.revision}\n    ; time: ${time}\n${lines.join('\n')}\n`;
    }
  };

/** Passes `hledger check -s`. */
export const hledgerJournal = journal(
  "; Kwota's credit ledger, for hledger\ndecimal-mark .\ncommodity 1000.000 CREDIT\n",
  (account) => `\naccount ${account}\n`,
);
/** Passes `ledger --strict --pedantic`. */
export const ledgerJournal = journal(
  "; Kwota's credit ledger, for ledger\ncommodity CREDIT\n    format 1000.000 CREDIT\n",
  (account) => `\naccount ${account}\n`,
);

const dayMs = 24 * 60 * 60 * 1_000;
const dayAfter = (day: string): string => new Date(Date.parse(day) + dayMs).toISOString().slice(0, 10);

/**
 * Passes `bean-check`. Its balances are those at the start of a day: each account is held to what it had at the end of each day on which it moved,
 * to the milli-credit (without `~ 0` a thousandth would be let pass).
 */
export async function* beancountJournal(transactions: AsyncIterable<Transaction>): Lines {
  const names = new BeancountNames();
  const ends = new Map<string, { day: string; balanceMilliCredits: number }>();
  const assertion = (name: string, { day, balanceMilliCredits }: { day: string; balanceMilliCredits: number }): string =>
    `${dayAfter(day)} balance ${name}  ${exactCredits(balanceMilliCredits)} ~ 0.000 CREDIT\n`;
  yield 'option "title" "Kwota\'s credit ledger"\noption "operating_currency" "CREDIT"\n';
  for await (const { event, account, time, type, entries } of transactions) {
    const day = dayOf(time);
    const lines: string[] = [];
    for (const entry of entries) {
      const name = names.of(entry);
      if (entry.isFirst) yield `\n${day} open ${name} CREDIT\n`;
      const end = ends.get(name);
      if (end && end.day < day) yield assertion(name, end);
      ends.set(name, { day, balanceMilliCredits: entry.balanceMilliCredits });
      lines.push(`  ${name}  ${amount(entry.amountMilliCredits)}`);
    }
    yield `\n${day} * "${type}" "${account.replaceAll(/["\\]/g, '_')}"\n  position: ${event.position}\n  revision: ${event.revision}\n  time: "${time}"\n${lines.join('\n')}\n`;
  }
  yield '\n';
  for (const [name, end] of ends) yield assertion(name, end);
}

/** Beancount's names have five roots, begin with a capital or a digit and hold letters, digits and hyphens alone; two that become one get a number. */
class BeancountNames {
  private readonly names = new Map<string, string>();
  private readonly taken = new Set<string>();

  of({ account, posting }: Pick<Entry, 'account' | 'posting'>): string {
    const key = `${account}:${posting}`;
    const known = this.names.get(key);
    if (known) return known;
    const [kind = '', ...rest] = posting.split(':');
    const base = [rootOf(kind), account, kind, ...(rest.length > 0 ? [rest.join(':')] : [])].map(componentOf).join(':');
    let name = base;
    for (let number = 2; this.taken.has(name); number += 1) name = `${base}-${number}`;
    this.names.set(key, name);
    this.taken.add(name);
    return name;
  }
}

const rootOf = (kind: string): string => {
  if (kind === 'pool' || kind === 'quota' || kind === 'holds') return 'Assets';
  return kind === 'consumed' ? 'Expenses' : 'Equity';
};

const componentOf = (text: string): string => {
  const allowed = text.replaceAll(/[^A-Za-z0-9-]/g, '-').replace(/^-+/, '');
  return allowed === '' ? 'X' : `${allowed.charAt(0).toUpperCase()}${allowed.slice(1)}`;
};

const csvColumns = ['position', 'stream', 'revision', 'time', 'event', 'message', 'account', 'posting', 'amount', 'balance', 'hash'];
const cell = (value: string | number | undefined): string => {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** RFC 4180, a line a posting, the lines of one event after each other. */
export async function* csvLines(transactions: AsyncIterable<Transaction>): Lines {
  yield `${csvColumns.join(',')}\r\n`;
  for await (const { event, account, time, type, messageId, entries } of transactions)
    for (const { posting, amountMilliCredits, balanceMilliCredits } of entries) {
      const hash = Buffer.from(event.hash).toString('hex');
      const cells = [
        event.position,
        event.stream,
        event.revision,
        time,
        type,
        messageId,
        account,
        posting,
        exactCredits(amountMilliCredits),
        exactCredits(balanceMilliCredits),
        hash,
      ];
      yield `${cells.map(cell).join(',')}\r\n`;
    }
}

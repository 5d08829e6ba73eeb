// What the simulator does beyond DESIGN 8's receivers: rules in order, the first whose receivers fit and that is not used up decides.

export type ScriptedRule = Readonly<{
  /** A regular expression over the receiver as it was submitted. */
  receivers: string;
  /** Only so many submit_sm; left out: all. */
  times?: number;
  /** Another command_status than 0 refuses it. */
  status?: number;
  /** Before the answer, beside the simulator's own. */
  latencyMs?: number;
  /** none: it is taken and never answered · hang-up: it is taken, and the link is lost before the answer · lose: neither taken nor answered, the link is lost. */
  answer?: 'none' | 'hang-up' | 'lose';
  /** With which ptt it ends. */
  ptt?: number;
  /** lost: none comes · twice · before: it comes before the answer. */
  receipt?: 'lost' | 'twice' | 'before';
  receiptDelayMs?: number;
  /** How the receipt spells the id. Other radixes need `ids: 'decimal'`. */
  receiptId?: 'hex' | 'zeros' | 'capitals';
  /** How the receipt tells the id. */
  receiptForm?: 'text' | 'tlv';
}>;

export type SimulatorScript = readonly ScriptedRule[];

/** One simulator's script, with what is used up of it. */
export class RunningScript {
  private readonly rules;

  /** @throws Error when a rule's receivers are no regular expression. */
  constructor(script: SimulatorScript) {
    this.rules = script.map((rule) => ({ rule, receivers: new RegExp(rule.receivers), left: rule.times ?? Infinity }));
  }

  ruleFor(receiver: string): ScriptedRule | undefined {
    const found = this.rules.find(({ receivers, left }) => left > 0 && receivers.test(receiver));
    if (found) found.left -= 1;
    return found?.rule;
  }
}

/** The id as a receipt spells it. */
export const spelledId = (smscId: string, { receiptId }: Pick<ScriptedRule, 'receiptId'>): string => {
  if (receiptId === 'zeros') return `0000${smscId}`;
  if (receiptId === 'capitals') return smscId.toUpperCase();
  return receiptId === 'hex' ? BigInt(smscId).toString(16).toUpperCase() : smscId;
};

const ruleFields: Readonly<Record<keyof ScriptedRule, (value: unknown) => boolean>> = {
  receivers: (value) => typeof value === 'string',
  times: isCount,
  status: isCount,
  latencyMs: isCount,
  answer: (value) => value === 'none' || value === 'hang-up' || value === 'lose',
  ptt: isCount,
  receipt: (value) => value === 'lost' || value === 'twice' || value === 'before',
  receiptDelayMs: isCount,
  receiptId: (value) => value === 'hex' || value === 'zeros' || value === 'capitals',
  receiptForm: (value) => value === 'text' || value === 'tlv',
};

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** A script as a file has it. @throws Error that names the rule and the field. */
export const parseScript = (json: string): SimulatorScript => {
  const rules: unknown = JSON.parse(json);
  if (!Array.isArray(rules)) throw new Error('a script is a list of rules');
  rules.forEach((rule: unknown, index) => {
    const where = `rule ${index + 1}`;
    if (typeof rule !== 'object' || rule === null) throw new Error(`${where} is no object`);
    if (!('receivers' in rule)) throw new Error(`${where} has no receivers`);
    for (const [field, value] of Object.entries(rule)) {
      if (!Object.hasOwn(ruleFields, field)) throw new Error(`${where}: ${field} is not known`);
      if (!ruleFields[field as keyof ScriptedRule](value)) throw new Error(`${where}: ${field} is not valid`);
    }
  });
  return rules as SimulatorScript;
};

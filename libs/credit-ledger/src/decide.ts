import type { BillingPolicy } from './billing-policy.js';
import { digestOfCommand } from './command-digest.js';
import { incomingTransfer, type CreditAccount } from './credit-account.js';
import type { CreditCommand } from './credit-commands.js';
import { decideOnAccount } from './decide-account.js';
import { decideHold } from './decide-hold.js';
import { decideSettle, decideTick, decideWithdraw } from './decide-settle.js';
import { nothingChanges, type Decision, type DecisionContext } from './decision.js';

/**
 * What a command leads to: events, or a refusal with the event that records it. Pure, and never throws for what a command says. A command id
 * that was applied before gets its first outcome without events, and `conflict` when it now asks for something else.
 */
export const decide = (command: CreditCommand, account: CreditAccount, context: DecisionContext, policy?: BillingPolicy): Decision => {
  switch (command.type) {
    case 'HoldCredits':
      return decideHold(command, account, context);
    case 'WithdrawMessages':
      return decideWithdraw(command, account, context);
    case 'SettleCharge':
      return decideSettle(command, account, policy, context);
    case 'Tick':
      return decideTick(command, account);
    default:
      return repeatedCommand(command, account, context) ?? decideOnAccount(command, account);
  }
};

const repeatedCommand = (command: CreditCommand, account: CreditAccount, { commandId, alreadyApplied }: DecisionContext): Decision | undefined => {
  const refusedTransfer = command.type === 'ReceiveTransfer' ? account.transfersRefused.get(incomingTransfer(command)) : undefined;
  if (refusedTransfer) return { events: [], refusal: refusedTransfer };
  const known = account.commands.get(commandId);
  // It left no event to be known by: all was as it asked for already, or it failed. What was set after it stays.
  if (!known) return alreadyApplied && digestOfCommand(command) !== undefined ? tooOld(account) : undefined;
  if (known.refusal) return { events: [], refusal: known.refusal };
  if (known.digest === digestOfCommand(command)) return nothingChanges;
  return { events: [], refusal: { code: 'conflict', leftMilliCredits: account.poolMilliCredits } };
};

const tooOld = ({ poolMilliCredits }: CreditAccount): Decision => ({ events: [], refusal: { code: 'too-old', leftMilliCredits: poolMilliCredits } });

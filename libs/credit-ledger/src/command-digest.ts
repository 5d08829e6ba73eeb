// A command id that comes again must ask for the same: both sides of that comparison, what was asked and what the events say was done.
import type { CreditCommand } from './credit-commands.js';
import type { CreditEvent } from './credit-events.js';

/** undefined: the command is known by ids of its own (messages, reference, transfer). */
export const digestOfCommand = (command: CreditCommand): string | undefined => {
  switch (command.type) {
    case 'SetQuota':
      return command.active ? `quota ${command.userId} ${command.leftMilliCredits}` : `quota ${command.userId} off`;
    case 'SetThreshold':
      return `threshold ${command.userId} ${command.levelMilliCredits}`;
    case 'SetRecreditThreshold':
      return `recredit ${command.levelMilliCredits}`;
    default:
      return undefined;
  }
};

export const digestOfEvent = (event: CreditEvent): string | undefined => {
  switch (event.type) {
    case 'QuotaAllocated':
      return `quota ${event.userId} ${event.amountMilliCredits}`;
    case 'QuotaChanged':
      return `quota ${event.userId} ${event.toMilliCredits}`;
    case 'QuotaReturned':
      return `quota ${event.userId} off`;
    case 'ThresholdSet':
      return `threshold ${event.userId} ${event.levelMilliCredits}`;
    case 'RecreditThresholdSet':
      return `recredit ${event.levelMilliCredits}`;
    default:
      return undefined;
  }
};

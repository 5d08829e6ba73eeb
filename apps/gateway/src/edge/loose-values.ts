// Scripts and old wrappers of OVH's API write numbers and truths as texts ("validityPeriod": "2880"), and OVH takes them.
import { Transform } from 'class-transformer';

const numberForm = /^-?\d{1,15}(?:\.\d{1,15})?$/;
const truths: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ['true', true],
  ['1', true],
  [1, true],
  ['false', false],
  ['0', false],
  [0, false],
]);

/** "12.5" is 12.5; what is no number stays as it is, and is refused by the rule that follows. */
export const LooseNumber = (): PropertyDecorator => Transform(({ value }: { value: unknown }) => (typeof value === 'string' && numberForm.test(value) ? Number(value) : value));

/** "true", "1" and 1 are true, "false", "0" and 0 false. */
export const LooseBoolean = (): PropertyDecorator => Transform(({ value }: { value: unknown }) => truths.get(value) ?? value);

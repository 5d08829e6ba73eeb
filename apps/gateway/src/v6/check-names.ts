import { isStorableText } from '../edge/json-body.js';
import { objectUnknown, serviceUnknown } from './ovh-error.js';

/** The contracts' limits: a longer name is nobody's, and need not be looked up. */
const accountLengthMax = 64;
const loginLengthMax = 40;

/** @throws OvhError 404 for an account or login in the path that cannot be anybody's. */
export const checkNames = ({ serviceName, login }: Readonly<Record<string, string | undefined>> = {}): void => {
  if (serviceName !== undefined && !isName(serviceName, accountLengthMax)) throw serviceUnknown();
  if (login !== undefined && !isName(login, loginLengthMax)) throw objectUnknown();
};

const isName = (name: string, lengthMax: number): boolean => name.length > 0 && name.length <= lengthMax && isStorableText(name);

import { normaliseNumber } from '@kwota/sms-text';
import { badRequest } from '../v6/ovh-error.js';
import { isStorableText } from './json-body.js';

/** Fastify makes a list of a parameter that is given twice. */
const once = (parameter: string, value: unknown): void => {
  if (typeof value !== 'string') throw badRequest(`${parameter} must be given once`);
  if (!isStorableText(value)) throw badRequest(`${parameter} must not hold NUL`);
};
/** A text of the query under a request's field; nothing where it is left out. @throws OvhError 400 that names the parameter. */
export const textFilter = (name: string, value: string | undefined) => {
  if (!value) return {};
  once(name, value);
  return { [name]: value };
};
/** The same for a telephone number, in any of its spellings, as receivers are taken: 0033…, or a + that a query has turned into a space. */
export const phoneFilter = (name: string, value: string | undefined) => {
  if (!value) return {};
  once(name, value);
  return { [name]: normaliseNumber(value) ?? value };
};
/** The same for a whole number. */
export const numberFilter = (name: string, parameter: string, value: string | undefined) => {
  if (!value) return {};
  once(parameter, value);
  if (!/^\d{1,9}$/.test(value)) throw badRequest(`${parameter} must be a whole number`);
  return { [name]: Number(value) };
};
/** The same for an RFC 3339 time, in milliseconds; the + of its offset may have come as it is, which a query reads as a space. */
export const timeFilter = (name: string, parameter: string, value: string | undefined) => {
  if (!value) return {};
  once(parameter, value);
  const ms = Date.parse(value.replace(/(T[\d:.]+) (\d\d:\d\d)$/i, '$1+$2'));
  if (Number.isNaN(ms)) throw badRequest(`${parameter} must be an RFC 3339 time`);
  // No message is older than this clock's beginning.
  return { [name]: Math.max(0, ms) };
};

/** An answer of OVH's API that is no success (OVH.md 2.4): `errorCode` on authentication's errors, `class` on the newer ones. */
export class OvhError extends Error {
  override readonly name = 'OvhError';

  constructor(
    readonly httpStatus: number,
    message: string,
    readonly fields: Readonly<{ errorCode?: string; class?: string; httpCode?: string }> = {},
  ) {
    super(message);
  }
}

const reasons: Readonly<Record<number, string>> = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden' };

export const authenticationError = (httpStatus: 400 | 403, errorCode: string, message: string): OvhError =>
  new OvhError(httpStatus, message, { errorCode, httpCode: `${httpStatus} ${reasons[httpStatus]}` });

export const badRequest = (message: string): OvhError => new OvhError(400, message, { class: 'Client::BadRequest' });
export const serviceUnknown = (): OvhError => new OvhError(404, 'This service does not exist', { class: 'Client::NotFound' });
export const objectUnknown = (): OvhError => new OvhError(404, 'The requested object does not exist', { class: 'Client::NotFound' });
export const callbackRefused = (field: string, code: string): OvhError =>
  badRequest(code === 'address-not-allowed' ? `${field} must not lead to a private address` : `${field} must be an http or https URL`);
export const conflict = (message: string): OvhError => new OvhError(409, message, { class: 'Client::Conflict' });
/** A path that nothing answers to, in OVH's words. */
export const invalidUrl = (): OvhError => new OvhError(404, 'Got an invalid (or empty) URL', { class: 'Client::NotFound' });
export const optionLacking = (): OvhError => new OvhError(403, 'This option is not available on this service', { class: 'Client::Forbidden' });

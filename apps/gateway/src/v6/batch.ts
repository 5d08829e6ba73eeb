import { badRequest } from './ovh-error.js';

type Parameters = Readonly<Record<string, string>>;
/** One call of a batch: `key` is what OVH tells it by, the parts of the path that differ. */
export type BatchedCall = Readonly<{ key: string; params: Parameters }>;

/** What the panel asks for at once: a page of users, or of messages. */
export const batchedCallsMax = 1_000;

/**
 * OVH.md 1.3: `X-Ovh-Batch: ,` with several ids in one part of the path. Undefined without the header, or where nothing is to be parted.
 * @throws OvhError 400 for a batch of anything but GET, or one too large.
 */
export const batchOf = (separator: string | undefined, method: string, params: Parameters): readonly BatchedCall[] | undefined => {
  if (!separator) return undefined;
  if (method !== 'GET') throw badRequest('X-Ovh-Batch is for GET alone');
  if (separator.length > 1) throw badRequest('X-Ovh-Batch must be one character');
  let calls: BatchedCall[] = [{ key: '', params: {} }];
  for (const [name, value] of Object.entries(params)) {
    const values = value.split(separator);
    if (calls.length * values.length > batchedCallsMax) throw badRequest(`X-Ovh-Batch must not ask for more than ${batchedCallsMax} at once`);
    calls = calls.flatMap(({ key, params: before }) =>
      values.map((one) => ({ key: values.length === 1 ? key : [key, one].filter(Boolean).join(separator), params: { ...before, [name]: one } })),
    );
  }
  // A single id is a batch of one: its key is the last part of the path.
  const last = Object.values(params).at(-1) ?? '';
  return calls.map(({ key, params: own }) => ({ key: key || last, params: own }));
};

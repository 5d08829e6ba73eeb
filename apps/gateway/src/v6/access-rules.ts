import type { AccessRule } from '@kwota/contracts/users.requests.v1';

/** OVH.md 2.1: a rule's path is exact or has `*` for anything; a trailing slash makes no difference. */
export const isGranted = (rules: readonly AccessRule[], method: string, path: string): boolean => {
  const bare = path.replace(/\/+$/, '');
  return rules.some((rule) => rule.method === method && (matches(rule.path, bare) || matches(rule.path, `${bare}/`)));
};

const matches = (pattern: string, path: string): boolean => {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return pattern.replace(/\/+$/, '') === path.replace(/\/+$/, '');
  if (!path.startsWith(first)) return false;
  let from = first.length;
  for (const [index, piece] of rest.entries()) {
    if (index === rest.length - 1) return piece === '' || (path.endsWith(piece) && path.length - piece.length >= from);
    const at = path.indexOf(piece, from);
    if (at === -1) return false;
    from = at + piece.length;
  }
  return true;
};

/**
 * The partition of a key, the same in every adapter and process: FNV-1a over what stands before the first `|`, so that a compacted
 * topic's `account|subject` lies with its account.
 */
export const partitionOf = (key: string, partitionCount: number): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    const unit = key.charCodeAt(index);
    if (unit === 0x7c) break;
    hash = Math.imul(hash ^ unit, 0x01000193);
  }
  return (hash >>> 0) % partitionCount;
};

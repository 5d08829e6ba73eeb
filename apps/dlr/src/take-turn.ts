import type { EntityManager } from 'typeorm';

/**
 * The rest of the transaction waits for others that took the same turn: what it reads stays true. On SQLite transactions take turns anyway
 * (service-kit's ServiceDatabase).
 */
export const takeTurn = async (manager: EntityManager): Promise<void> => {
  if (manager.connection.options.type === 'postgres') await manager.query('SELECT pg_advisory_xact_lock(84)');
};

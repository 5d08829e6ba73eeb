// What a message's priority means here, as data. Pure.
import { priorityDefault, type Priority } from '@kwota/contracts/fields';

/** The most urgent first: a part keeps its place in this list, and those that wait are taken in its order (ADR 17). */
export const priorities = ['high', 'medium', 'low', 'veryLow'] as const satisfies readonly Priority[];

/** SMPP 3.4, 5.2.14: 3 is the most urgent. OVH's numbers before the words were the same, 3 where none was named. */
export const priorityFlags: Readonly<Record<Priority, 0 | 1 | 2 | 3>> = { high: 3, medium: 2, low: 1, veryLow: 0 };

export const rankOf = (priority: Priority | undefined): number => priorities.indexOf(priority ?? priorityDefault);

/** @param rank as `rankOf` gave it. */
export const priorityOf = (rank: number): Priority => priorities[rank] ?? priorityDefault;

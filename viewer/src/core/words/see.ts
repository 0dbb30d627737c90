/** Words of looking: cuts, measuring, plans, the tree, walking. */

export const en = {} as const;

export const zh: Record<keyof typeof en, string> = {};

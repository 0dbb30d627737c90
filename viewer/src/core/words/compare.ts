/** Words of comparing scans and model revisions, and of registering by hand. */

export const en = {} as const;

export const zh: Record<keyof typeof en, string> = {};

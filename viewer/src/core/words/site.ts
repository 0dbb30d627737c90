/** Words of use on site: offline, saved views, topics, the first tour. */

export const en = {} as const;

export const zh: Record<keyof typeof en, string> = {};

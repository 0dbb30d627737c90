/** Words of judging: overriding, disposing, signing, closing, photos, inspections. */

export const en = {} as const;

export const zh: Record<keyof typeof en, string> = {};

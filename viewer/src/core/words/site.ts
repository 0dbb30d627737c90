/** Words of use on site: offline, saved views, topics, the first tour. */

export const en = {
  aboutCheck: "About this check",
  pointsShown: "Scan points",
  registration: "Registration",
} as const;

export const zh: Record<keyof typeof en, string> = {
  aboutCheck: "本次检查",
  pointsShown: "扫描点",
  registration: "配准",
};

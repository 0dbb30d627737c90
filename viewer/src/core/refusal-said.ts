/** Why picked pairs were refused, in the language of the interface: the server says it in English, in known sentences. */
import { language } from "./i18n";

/** A sentence, and what the Chinese report says in its place. */
const SENTENCES: readonly [RegExp, string][] = [
  [
    /^pair (.+) lies (\S+) m from where the others put it: pick it again, or leave it out$/,
    "点对 $1 偏离其余点对所定的位置 $2 m：请重新选取或删除",
  ],
  [/^the pairs do not fit one another: .+$/, "点对彼此不吻合：请核对每对在扫描与模型中是否为同一角点"],
  [
    /^the pairs leave the scan uncertain by (\S+) m: .+$/,
    "点对使扫描位置不确定达 $1 m：请在扫描范围四周选取相距更远的点对",
  ],
  [
    /^the surfaces about where the pairs put the scan do not fit it: .+$/,
    "在点对所定位置附近，表面与扫描不吻合：请核对点对是否为同一角点",
  ],
  [
    /^the pairs fit one another, but another pose .+ \((\S+) of it, not (\S+)\), (\S+) m away and turned by (\S+) degrees: .+$/,
    "点对彼此吻合，但另一位置对扫描的解释明显更好（$1，而非 $2），相距 $3 m、转角 $4°：请核对点对在扫描与模型中是否为同一角点",
  ],
  [
    /^(\d+) pairs cannot fix a pose: pick at least 3 that are not in a line$/,
    "$1 对点不足以确定位置：请至少选取 3 对不共线的点",
  ],
  [/^the pairs lie in one place in the (?:scan|model): pick them far apart$/, "点对过于集中：请选取相距较远的点"],
  [/^the pairs lie in a line in the (?:scan|model): pick one well off it$/, "点对共线：请再选一对明显偏离该线的点"],
];

/** Return a refusal of picked pairs; in Chinese where it is known, else as the server says it. */
export function refusalSaid(text: string): string {
  if (language.value === "en") return text;
  for (const [pattern, told] of SENTENCES) if (pattern.test(text)) return text.replace(pattern, told);
  return text;
}

/** What went wrong, in the language of the interface: the server says its details in English only. */
import { type Key, language, t } from "./i18n";
import { refusalSaid } from "./refusal-said";
import { en } from "./words/problems";

export interface Told {
  readonly status: number;
  /** Last part of the problem's type. */
  readonly kind: string;
  readonly detail: string;
}

/** Of these the detail is needed to go on, also by who reads no English: it names a field, a record, a reference. */
const NEED_DETAIL = new Set(["invalid", "invalid-fields", "conflict", "refused", "illegal-transition", "internal"]);

/** Return one or two sentences that say what went wrong and what to do. */
export function problemSaid({ status, kind, detail }: Told): string {
  if (status === 0) return t("offline");
  const known = `problem.${kind}` in en;
  if (language.value === "en" && detail) return detail;
  const [minutes = "15"] = /\d+/.exec(detail) ?? [];
  const said = t((known ? `problem.${kind}` : "problem.other") as Key, { n: minutes, status });
  if (!detail || language.value === "en") return said;
  const translated = refusalSaid(detail);
  if (translated !== detail) return translated;
  return NEED_DETAIL.has(kind) || !known ? t("problemSays", { said, detail }) : said;
}

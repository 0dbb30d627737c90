/** What went wrong, in the language of the interface. */
import { type Key, language, t } from "./i18n";
import { named } from "./named";
import { en } from "./words/problems";

export interface Told {
  readonly status: number;
  /** Last part of the problem's type. */
  readonly kind: string;
  readonly detail: string;
  /** The detail in Chinese; empty where the server has none. */
  readonly chinese?: string;
}

/** Of these the detail is needed to go on, also by who reads no English: it names a field, a record, a reference. */
const NEED_DETAIL = new Set(["invalid", "invalid-fields", "conflict", "refused", "illegal-transition", "internal"]);

/** Return one or two sentences that say what went wrong and what to do. */
export function problemSaid(problem: Told): string {
  return named(said(problem));
}

function said({ status, kind, detail, chinese = "" }: Told): string {
  if (status === 0) return t("offline");
  const known = `problem.${kind}` in en;
  const told = language.value === "en" ? detail : chinese;
  if (told) return told;
  const [minutes = "15"] = /\d+/.exec(detail) ?? [];
  const plain = t((known ? `problem.${kind}` : "problem.other") as Key, { n: minutes, status });
  if (!detail || language.value === "en") return plain;
  return NEED_DETAIL.has(kind) || !known ? t("problemSays", { said: plain, detail }) : plain;
}

/** Machine words of a check in words of people, the same as in the reports (written by scripts/viewer_terms.py). */
import { filled, type Language, language, t } from "./i18n";
import told from "./terms.json";

const words = told as Record<Language, Record<string, string>>;

function find(key: string): string | undefined {
  return words[language.value][key];
}

/** `sun_glare` is "Sun glare". */
export function readable(word: string): string {
  const text = word.replaceAll("_", " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `IfcPipeSegment` is "Pipe segment" or 管段. */
export function className(name: string): string {
  const known = find(`class.${name}`);
  if (known) return known;
  const bare = name.replace(/^Ifc/, "").replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ");
  return name.startsWith("Ifc") ? bare.charAt(0) + bare.slice(1).toLowerCase() : name;
}

/** Return the term for a machine's word of what is measured; nothing for what a person wrote. */
export const termOf = (word: string): string | undefined => find(`characteristic.${word}`);

/** What was measured; `flatness_2m` is a flatness over 2 m. */
export function characteristic(word: string): string {
  const known = find(`characteristic.${word}`);
  if (known) return known;
  const [, head = "", tail = ""] = /^(.*)_([0-9.]+m|[xyz]|[0-9]+)$/.exec(word) ?? [];
  const lead = find(`characteristic.${head}`);
  return lead ? `${lead} ${tail.replace(/(?<=[0-9])m$/, " m")}` : readable(word);
}

/** What was measured, with which straightedge, in which direction and of which part: an opening. */
export function measured(one: { characteristic: string; direction: string; part: string; method?: string }): string {
  const direction = find(`direction.${one.direction}`);
  const [, span] = /^straightedge (.+)$/.exec(one.method ?? "") ?? [];
  const edge = span ? t("inBrackets", { what: `${find("measured_by.straightedge")} ${span}` }) : "";
  const name = characteristic(one.characteristic) + edge + (direction ? `${t("comma")}${direction}` : "");
  return one.part ? `${name}${t("colon")}${one.part}` : name;
}

/** A reason (`word` or `word:value`) as a sentence. */
export function reason(text: string): string {
  const [word = "", ...rest] = text.split(":");
  const value = rest.join(":");
  const template = find(`reason.${word}`);
  if (!template) return value ? `${readable(word)}${t("colon")}${value}` : readable(word);
  return filled(value ? template : template.replace(/[\s:：（(]*\{value\}[)）]?/, ""), { value });
}

const ONE_SOURCE = " [one source]";

/** Where a limit comes from: the standard as it is named, its clause in this language. */
export function source(text: string): string {
  if (text === "user") return find("source.user") ?? text;
  const bare = text.endsWith(ONE_SOURCE) ? text.slice(0, -ONE_SOURCE.length) : text;
  const cut = bare.indexOf(", ");
  const clause = cut < 0 ? undefined : find(`clause.${bare.slice(cut + 2)}`);
  const said = clause ? `${bare.slice(0, cut)}${language.value === "zh" ? "，" : ", "}${clause}` : bare;
  return bare === text ? said : `${said} ${find("source.one") ?? ""}`;
}

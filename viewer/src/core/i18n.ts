/** Words of the interface in both languages, by area; the second has to have every key of the first. */
import { signal } from "@preact/signals";
import * as begin from "./words/begin";
import * as compare from "./words/compare";
import * as general from "./words/general";
import * as inspect from "./words/inspect";
import * as judge from "./words/judge";
import * as problems from "./words/problems";
import * as see from "./words/see";
import * as site from "./words/site";

const en = {
  ...general.en,
  ...judge.en,
  ...see.en,
  ...compare.en,
  ...site.en,
  ...inspect.en,
  ...begin.en,
  ...problems.en,
};

export type Key = keyof typeof en;

const zh: Record<Key, string> = {
  ...general.zh,
  ...judge.zh,
  ...see.zh,
  ...compare.zh,
  ...site.zh,
  ...inspect.zh,
  ...begin.zh,
  ...problems.zh,
};

export type Language = "en" | "zh";
const words: Record<Language, Record<Key, string>> = { en, zh };

export const language = signal<Language>(remembered());

function remembered(): Language {
  const kept = globalThis.localStorage?.getItem("qtems.language");
  if (kept === "en" || kept === "zh") return kept;
  return globalThis.navigator?.language?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function speak(chosen: Language): void {
  language.value = chosen;
  globalThis.localStorage?.setItem("qtems.language", chosen);
  document.documentElement.lang = chosen === "zh" ? "zh-CN" : "en";
}

const PLACES = /\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g;

/** Return a text in the language of the interface, its `{names}` filled in; `{n|pair|pairs}` is the word for so many. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return filled(words[language.value][key], values);
}

/** Return a text with its `{names}` filled in, and words by number. */
export function filled(text: string, values: Record<string, string | number>): string {
  return text.replace(PLACES, (_, name: string, one?: string, more?: string) =>
    one === undefined ? String(values[name] ?? "") : `${(String(values[name]) === "1" ? one : more) ?? ""}`,
  );
}

/** Return what `t` is, for words that a part of the interface brings along: they come with it, when it is first wanted. */
export function speaker<K extends string>(own: Readonly<Record<Language, Readonly<Record<K, string>>>>) {
  return (key: K, values: Record<string, string | number> = {}): string => filled(own[language.value][key], values);
}

/** What stands between a name and its value. */
export const colon = (): string => t("colon");

/** Return several words as one text. */
export const listed = (words: readonly string[]): string => words.join(t("listComma"));

/** Return a text in brackets, to be put after another. */
export const bracketed = (what: string | number): string => t("inBrackets", { what });

/** Return the word for a value that the server sends, the value itself where there is no word for it. */
export function word(kind: string, value: string): string {
  const key = `${kind}.${value}`;
  return key in en ? t(key as Key) : value.replaceAll("_", " ");
}

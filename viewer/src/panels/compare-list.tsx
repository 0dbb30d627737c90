/** Lists of elements that a comparison tells of: kinds to choose among, and lines to choose from. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { t } from "../core/i18n";
import { css, inkOn, type Meaning } from "../core/palette";
import { className } from "../core/terms";

const MANY = 100;

export function MeaningSign({ meaning }: { meaning: Meaning }) {
  return (
    <span class="sign" style={{ background: css(meaning.colour), color: inkOn(meaning.colour) }} aria-hidden="true">
      {meaning.sign}
    </span>
  );
}

interface Kind<K extends string> {
  kind: K;
  meaning: Meaning;
  label: string;
  n: number;
}

/** Kinds with their numbers; one of them at a time, or all. */
export function Kinds<K extends string>({
  kinds,
  only,
  onOnly,
}: {
  kinds: readonly Kind<K>[];
  only: K | "";
  onOnly: (only: K | "") => void;
}) {
  return (
    <ul class="kinds">
      {kinds.map(({ kind, meaning, label, n }) => (
        <li key={kind}>
          <button
            type="button"
            class={kind === only ? "chip on" : "chip"}
            aria-pressed={kind === only}
            onClick={() => onOnly(kind === only ? "" : kind)}
          >
            <MeaningSign meaning={meaning} />
            {label} <b>{n}</b>
          </button>
        </li>
      ))}
    </ul>
  );
}

interface Row {
  readonly globalId: string;
  readonly name: string;
  readonly ifcClass: string;
  readonly storey: string;
}

export function ElementLines<R extends Row>({
  label,
  rows,
  sign,
  said,
  isCurrent,
  onChoose,
}: {
  label: string;
  rows: readonly R[];
  sign: (row: R) => ComponentChildren;
  said: (row: R) => string;
  isCurrent: (row: R) => boolean;
  onChoose: (row: R) => void;
}) {
  const [many, setMany] = useState(MANY);
  if (rows.length === 0) return <p class="empty">{t("compareNothing")}</p>;
  return (
    <>
      <ul class="plain" aria-label={label}>
        {rows.slice(0, many).map((row) => (
          <li key={row.globalId}>
            <button
              type="button"
              class="line changed"
              aria-current={isCurrent(row) ? "true" : undefined}
              onClick={() => onChoose(row)}
            >
              <strong>
                {sign(row)} {row.name || row.globalId}
              </strong>
              <span>{said(row)}</span>
              <span class="dim small">
                {className(row.ifcClass)}
                {row.storey && ` · ${row.storey}`}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {rows.length > many && (
        <button type="button" onClick={() => setMany(many + MANY)}>
          {t("showMore", { n: Math.min(MANY, rows.length - many) })}
        </button>
      )}
    </>
  );
}

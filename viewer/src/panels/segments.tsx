/** Views of one panel, of which one is shown: buttons in a row that say which. */
import type { Signal } from "@preact/signals";
import { type Key, t } from "../core/i18n";

export function Segments<Name extends string>({
  label,
  names,
  shown,
  count,
}: {
  label: Key;
  names: Readonly<Record<Name, Key>>;
  shown: Signal<Name>;
  /** How many things a view has, where that is worth saying. */
  count?: (name: Name) => number;
}) {
  return (
    <div class="segments" role="group" aria-label={t(label)}>
      {(Object.keys(names) as Name[]).map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={shown.value === one}
          onClick={() => {
            shown.value = one;
          }}
        >
          {t(names[one])}
          {count && <span class="count">{count(one)}</span>}
        </button>
      ))}
    </div>
  );
}

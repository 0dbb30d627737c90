/** What is shown while a part of the interface comes, and when it does not. */
import { useEffect, useState } from "preact/hooks";
import { connected } from "../core/connection";
import { t } from "../core/i18n";
import { late } from "../core/late";

interface Late<T> {
  shown: T | null;
  /** Asks for it again; null unless it did not come. */
  again: (() => void) | null;
}

/** Return a part by its name once it is there; no `load`, nothing wanted. */
export function useLate<T>(name: string, load: (() => Promise<T>) | null): Late<T> {
  const [state, setState] = useState<{ name: string; shown: T | null } | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (!load) return;
    const got = (shown: T | null) => setState({ name, shown });
    return late(load, { got, failed: () => got(null) });
  }, [name, load === null, round]);
  const here = state?.name === name ? state : null;
  const again = () => {
    setState(null);
    setRound(round + 1);
  };
  return { shown: here?.shown ?? null, again: here && here.shown === null ? again : null };
}

/** Without a connection it comes by itself once that is back; else the page is older than what the server has. */
export function PartFailed({ again }: { again: () => void }) {
  const isOld = connected.value;
  return (
    <div class="notice" role="alert">
      <p>{t(isOld ? "partGone" : "offline")}</p>
      <button type="button" onClick={isOld ? () => location.reload() : again}>
        {t(isOld ? "reloadNow" : "retry")}
      </button>
    </div>
  );
}

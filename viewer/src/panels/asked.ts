/** What a panel asks the server for: loading, failed or there, and asked again on demand. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "../core/client";
import type { Loaded } from "../core/state";

export function problemOf(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, "offline", String(error));
}

/** Return a load that gives what it gave before, under the same name, while there is no connection. */
export function useLast<T>(name: string, load: () => Promise<T>): () => Promise<T> {
  const last = useRef<{ name: string; value: T } | null>(null);
  return async () => {
    try {
      const value = await load();
      last.current = { name, value };
      return value;
    } catch (error) {
      if (last.current?.name === name && problemOf(error).status === 0) return last.current.value;
      throw error;
    }
  };
}

/** Return what `load` gives, and how to ask again; while it is asked again, what was there stays. */
export function useAsked<T>(load: () => Promise<T>, depends: readonly unknown[]): [Loaded<T>, () => void] {
  const [state, setState] = useState<Loaded<T>>({ kind: "loading" });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let wanted = true;
    load()
      .then((value) => wanted && setState({ kind: "ready", value }))
      .catch((error) => wanted && setState({ kind: "failed", problem: problemOf(error) }));
    return () => {
      wanted = false;
    };
  }, [...depends, round]);
  return [state, () => setRound((one) => one + 1)];
}

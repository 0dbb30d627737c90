/** Parts of the interface that come when they are first wanted: without a connection they come once it is back. */
import { onReturn, probe } from "./connection";

interface Told<T> {
  got: (part: T) => void;
  /** It did not come; it is asked for again when the server is heard again. */
  failed?: () => void;
}

/** Fetch a part; returns how to want it no more. */
export function late<T>(load: () => Promise<T>, told: Told<T>): () => void {
  let over = false;
  let leave = () => {};
  const ask = () => {
    leave();
    load().then(
      (part) => {
        if (!over) told.got(part);
      },
      async () => {
        await probe(); // whoever tells of it knows then whether the server answers
        if (over) return;
        told.failed?.();
        leave = onReturn(ask);
      },
    );
  };
  ask();
  return () => {
    over = true;
    leave();
  };
}

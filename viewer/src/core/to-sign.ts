/** Signing that has to wait: a signature needs the server, so without a connection the step is kept and asked for later.
 *
 * No password is kept: only which record waits, and what was to be signed there.
 */
import { signal } from "@preact/signals";
import { session } from "./client";
import { serverNow } from "./connection";
import { unsent } from "./unsent";

export interface ToSign {
  project: string;
  /** `inspection:ID` or `ncr:ID`. */
  record: string;
  /** What the step is called: `sign`, `close`. */
  event: string;
  /** The record's number, so that it can be told apart without a connection. */
  title: string;
  at: string;
}

const NAME = "to-sign";

/** What waits for the signature of whoever is signed in, on this device. */
export const toSign = signal<readonly ToSign[]>([]);

function remembered(): ToSign[] {
  try {
    return JSON.parse(unsent.read(NAME) || "[]");
  } catch {
    return [];
  }
}

function set(all: readonly ToSign[]): void {
  unsent.keep(NAME, all.length > 0 ? JSON.stringify(all) : "");
  toSign.value = all;
}

/** Keep a step to be signed later: once for each record and step. */
export function signLater(step: Omit<ToSign, "at">): void {
  const rest = remembered().filter((one) => !(one.record === step.record && one.event === step.event));
  set([...rest, { ...step, at: serverNow().toISOString() }]);
}

/** It was signed, or is not wanted any more. */
export function signedNow(record: string, event = ""): void {
  const rest = remembered().filter((one) => one.record !== record || (event !== "" && one.event !== event));
  if (rest.length < toSign.value.length) set(rest);
}

export function waitsForSignature(record: string): boolean {
  return toSign.value.some((one) => one.record === record);
}

/** Read what waits whenever somebody signs in or another tab changes it; call once. */
export function watchToSign(): void {
  const look = () => {
    toSign.value = session.peek() ? remembered() : [];
  };
  session.subscribe(look);
  addEventListener("storage", look); // another tab noted or signed it
}

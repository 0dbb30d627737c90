/** What every form of a nonconformance record is given. */

import { t } from "../core/i18n";
import type { Ncr, NcrEvent, Person } from "../core/ncr";
import { FileChoice } from "./file-choice";

export interface Step {
  project: string;
  ncr: Ncr;
  people: readonly Person[];
  /** How the elements are called. */
  name: (globalId: string) => string;
  send: (event: NcrEvent, body?: unknown) => Promise<void>;
}

export type Asked = Step & { event: NcrEvent };

/** Where unsent input of a form is kept. */
export function keptAs(ncr: Ncr, event: string): string {
  return `ncr.${ncr.id}.${event}`;
}

export function FileField({ onFile, required = false }: { onFile: (file: File | null) => void; required?: boolean }) {
  return <FileChoice label={t("file")} required={required} onFile={onFile} />;
}

/** What the server says by identifiers, said by names: elements of the open model, what is measured. */
import { workspace } from "./state";
import { termOf } from "./terms";

/** How an element is called in the model that is open. */
export function elementName(globalId: string): string {
  if (workspace.value.kind !== "ready") return globalId;
  const { table } = workspace.value.value;
  const row = table.byGlobalId.get(globalId);
  return (row === undefined ? "" : table.rows[row]?.name) || globalId;
}

const GLOBAL_ID = /(?<![\w$])[0-3][0-9A-Za-z_$]{21}(?![\w$])/g;
const QUOTED = /(?<=['“])[a-z][a-z0-9_]*(?=['”])/g;

/** Return a sentence of the server with names for GlobalIds and words for the machine's words in quotation marks. */
export function named(text: string): string {
  return text.replace(GLOBAL_ID, elementName).replace(QUOTED, (word) => termOf(word) ?? word);
}

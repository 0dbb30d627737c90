/** What somebody typed and has not sent: it outlives a reload, an expired session and a lost connection. */
import { session } from "./client";

/** Each person has drafts of their own: a device may go from hand to hand. */
function place(name: string): string {
  return `qtems.unsent.${session.peek()?.user.id ?? ""}.${name}`;
}

export const unsent = {
  read(name: string): string {
    return localStorage.getItem(place(name)) ?? "";
  },
  keep(name: string, text: string): void {
    if (text) localStorage.setItem(place(name), text);
    else localStorage.removeItem(place(name));
  },
};

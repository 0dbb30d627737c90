/** What is asked for while the interface itself is still on its way: who is signed in, and what their project shows. */
import { session, whoAmI } from "./client";
import { place } from "./route";
import { openAhead } from "./state";

let who: ReturnType<typeof whoAmI> | null = null;

/** Ask; call once, when the place is known. Nothing of a project is asked for before it is known for whom. */
export function begin(): void {
  who = whoAmI();
  who
    .then(() => {
      const { project, epoch, check } = place.value;
      if (project && session.value && !session.value.user.must_change_password) openAhead(project, epoch, check);
    })
    .catch(() => {}); // told by whoever takes the answer
}

/** Return what was asked of who is signed in, once; asks anew after that. */
export function asked(): ReturnType<typeof whoAmI> {
  const mine = who ?? whoAmI();
  who = null;
  return mine;
}

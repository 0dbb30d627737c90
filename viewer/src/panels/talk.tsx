/** What people say beside a record, oldest first, and saying something more. */
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../core/i18n";
import { newKey } from "../core/keys";
import { delivered } from "../core/outbox";
import { type Comment, comment, commentsOf, unsent } from "../core/records";
import { explained, Form, Prose, when } from "./fields";
import { Pending } from "./sync";

export function Talk({ project, subject }: { project: string; subject: string }) {
  const [all, setAll] = useState<Comment[]>([]);
  const [fault, setFault] = useState("");
  const draft = `comment.${subject.replace("ncr:", "")}`;
  const [text, setText] = useState(unsent.read(draft));
  const key = useRef(newKey());
  useEffect(() => {
    commentsOf(project, subject)
      .then(setAll)
      .catch((error) => setFault(explained(error)));
  }, [project, subject, delivered.value]);
  return (
    <div class="stack">
      <ul class="plain talk">
        {all.map((one) => (
          <li key={one.id}>
            <span class="dim small">
              {one.author_name} · {when(one.written_at)}
            </span>
            <p>{one.text}</p>
          </li>
        ))}
      </ul>
      <Pending about={subject} />
      {fault && <p class="fault">{fault}</p>}
      <Form
        button={t("send")}
        quiet
        work={async () => {
          await comment(project, subject, text, key.current);
          key.current = newKey();
          setText("");
        }}
      >
        <Prose
          label={t("comment")}
          required
          value={text}
          onValue={(typed) => {
            setText(typed);
            unsent.keep(draft, typed);
          }}
        />
      </Form>
    </div>
  );
}

/** A place for files: to be chosen, or dropped on it. */
import { useState } from "preact/hooks";

interface Asked {
  label: string;
  hint: string;
  name: string;
  many?: boolean;
  take: (files: File[]) => void;
}

/** Nothing is greyed out by its kind: phones know no suffix of this trade. What is unusable is told afterwards. */
export function Drop({ label, hint, name, many = false, take }: Asked) {
  const [over, setOver] = useState(false);
  const taken = (files: FileList | null | undefined) => {
    setOver(false);
    const all = [...(files ?? [])];
    if (all.length > 0) take(many ? all : all.slice(0, 1));
  };
  return (
    <label
      class={over ? "drop over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        taken(event.dataTransfer?.files);
      }}
    >
      <input
        type="file"
        name={name}
        multiple={many}
        onChange={(event) => {
          taken(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
      <span class="arrow" aria-hidden="true">
        ⇧
      </span>
      <strong>{label}</strong>
      <span class="small dim">{hint}</span>
    </label>
  );
}

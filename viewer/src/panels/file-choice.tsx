/** A file to be chosen, said in the reader's language: the browser's own field speaks the browser's. */
import { useState } from "preact/hooks";
import { colon, t } from "../core/i18n";

interface Asked {
  label: string;
  onFile: (file: File | null) => void;
  required?: boolean;
  accept?: string;
}

export function FileChoice({ label, onFile, required = false, accept }: Asked) {
  const [name, setName] = useState("");
  return (
    <div class="stack filechoice">
      <span aria-hidden="true">{label}</span>
      <label class="filebutton">
        <input
          type="file"
          aria-label={`${label}${colon()}${name || t("fileChoose")}`}
          required={required}
          {...(accept ? { accept } : {})}
          onChange={(event) => {
            const file = event.currentTarget.files?.[0] ?? null;
            setName(file?.name ?? "");
            onFile(file);
          }}
        />
        <span>{name || t("fileChoose")}</span>
      </label>
    </div>
  );
}

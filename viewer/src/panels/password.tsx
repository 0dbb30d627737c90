/** A field for a password, which a password manager knows as what it is. */
export function Password(asked: {
  label: string;
  value: string;
  set: (value: string) => void;
  kind?: "current-password" | "new-password";
  name?: string;
  class?: string;
}) {
  return (
    <label class={asked.class}>
      {asked.label}
      <input
        type="password"
        name={asked.name}
        autocomplete={asked.kind ?? "current-password"}
        required
        value={asked.value}
        onInput={(event) => asked.set(event.currentTarget.value)}
      />
    </label>
  );
}

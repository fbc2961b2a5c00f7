// A button that asks for a file.

/** A file that is chosen by hand; the input itself is hidden, its label is the button. */
export function Choose({ label, take, accept }: { label: string; take: (file: File) => void; accept?: string }) {
  return (
    <label class="button choose">
      <input
        type="file"
        class="hidden-words"
        {...(accept ? { accept } : {})}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = '';
          if (file) take(file);
        }}
      />
      <span>{label}</span>
    </label>
  );
}

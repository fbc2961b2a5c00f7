// Bytes that the program gave, into the browser's downloads.
export function saveFile(bytes: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(bytes);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** `xunge-w1-20261122-0912`: by whom and when, so that two files are never taken for each other. */
export function fileName(what: string, who: string, ending: string): string {
  const now = new Date(Date.now() + 8 * 3600000).toISOString();
  const stamp = `${now.slice(0, 10).replaceAll('-', '')}-${now.slice(11, 16).replace(':', '')}`;
  return `${what}-${who}-${stamp}.${ending}`.replace(/[^\w.-]/g, '_');
}

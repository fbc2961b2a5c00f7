// What had the focus is gone (a form that was closed, a bar that was answered): back to the row
// under the cursor, or to the heading of the page.
export function refocus(): void {
  setTimeout(() => {
    if (document.activeElement !== document.body) return;
    const row = document.querySelector<HTMLElement>('.desk-row-at .desk-link');
    (row ?? document.querySelector('h1'))?.focus({ preventScroll: true });
  });
}

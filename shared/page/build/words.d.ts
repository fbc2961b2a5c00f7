// What build/words.ts makes of the texts of a page.
declare module 'words:zh' {
  const texts: string[];
  export default texts;
}
declare module 'words:en' {
  const texts: string[];
  export default texts;
}

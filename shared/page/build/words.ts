// A page is read in one language, so only one travels: what stands as T('中文', 'English') in the
// sources becomes T_at(17) when the page is built, and the texts become two files, of which the
// page loads the one it speaks.
//
//     T(`还有 ${n} 条`, `${n} left`)   →   T_at(18, n)     zh: '还有 \x01 条'   en: '\x01 left'
//
//     N(n, ' 张照片', 'photo', 'photos')     →   N_at(19, n)     zh: ' 张照片'      en: 'photo|photos'
//
// \x01 stands for the first thing that was put in, \x02 for the second. Numbers are given in the
// order of the files' names, so the same sources give the same bytes.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Plugin } from 'vite';

/** What the calls become is said by shared/page/text.ts. */
const IMPORT = "\nimport { textAt as T_at, countAt as N_at } from '@page/text';";

interface Text {
  call: 'T' | 'N';
  /** Where the call stands. */
  from: number;
  to: number;
  zh: string;
  en: string;
  /** What is put in, as source. */
  put: string[];
}

/** The pieces of a text that is written out; null: it is computed. */
function pieces(node: ts.Expression, source: ts.SourceFile): (string | { put: string })[] | null {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node.text];
  if (!ts.isTemplateExpression(node)) return null;
  const found: (string | { put: string })[] = [node.head.text];
  for (const span of node.templateSpans)
    found.push({ put: span.expression.getText(source) }, span.literal.text);
  return found;
}

/** N() with its three texts written out. */
function countedIn(node: ts.Node, source: ts.SourceFile): Text | null {
  if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression) || node.expression.text !== 'N') return null;
  const [count, ...texts] = node.arguments;
  const [zh, one, many] = texts.map((text) => (ts.isStringLiteral(text) ? text.text : undefined));
  if (!count || zh === undefined || one === undefined || many === undefined) return null;
  const put = [count.getText(source)];
  return { call: 'N', from: node.getStart(source), to: node.getEnd(), zh, en: `${one}|${many}`, put };
}

function textsOf(code: string, name: string): Text[] {
  const source = ts.createSourceFile(name, code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found: Text[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'T') {
      const [zh, en] = node.arguments.map((argument) => pieces(argument, source));
      if (zh && en) {
        const put: string[] = [];
        const flat = (of: typeof zh): string =>
          of
            .map((piece) => {
              if (typeof piece === 'string') return piece;
              if (!put.includes(piece.put)) put.push(piece.put);
              return String.fromCharCode(put.indexOf(piece.put) + 1);
            })
            .join('');
        const text: Text = { call: 'T', from: node.getStart(source), to: node.getEnd(), zh: flat(zh), en: flat(en), put };
        if (put.length > 8) throw new Error(`${name}: a text with more than eight things put in`);
        found.push(text);
        // What is put in may hold texts of its own: it is looked at when it has become code again.
        return;
      }
    }
    const counted = countedIn(node, source);
    if (counted) found.push(counted);
    else ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      if (/^(node_modules|dist|build)$/.test(entry.name)) return [];
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sourcesIn(path);
      return /\.tsx?$/.test(entry.name) ? [path] : [];
    })
    .sort();
}

/** `folders`: all that may hold texts, in the order in which they are numbered. */
export function words(folders: string[]): Plugin {
  const numbers = new Map<string, number>();
  const told: { zh: string; en: string }[] = [];

  const numberOf = (text: Text): number => {
    const key = JSON.stringify([text.zh, text.en]);
    let at = numbers.get(key);
    if (at === undefined) {
      at = told.push({ zh: text.zh, en: text.en }) - 1;
      numbers.set(key, at);
    }
    return at;
  };

  const replaced = (code: string, name: string): string => {
    let out = '';
    let from = 0;
    for (const text of textsOf(code, name)) {
      const put = text.put.map((one) => replaced(one, name));
      out += code.slice(from, text.from) + `${text.call}_at(${[numberOf(text), ...put].join(',')})`;
      from = text.to;
    }
    return out + code.slice(from);
  };

  return {
    name: 'words',
    enforce: 'pre',
    buildStart() {
      for (const folder of folders)
        for (const path of sourcesIn(folder)) replaced(readFileSync(path, 'utf8'), path);
    },
    transform(code, id) {
      if (!/\.tsx?$/.test(id) || id.includes('/node_modules/') || !/\b[TN]\(/.test(code)) return null;
      return { code: replaced(code, id) + IMPORT, map: null };
    },
    resolveId(id) {
      return /^words:(zh|en)$/.test(id) ? `\0${id}` : null;
    },
    load(id) {
      const lang = /^\0words:(zh|en)$/.exec(id)?.[1] as 'zh' | 'en' | undefined;
      return lang ? `export default ${JSON.stringify(told.map((text) => text[lang]))}` : null;
    },
  };
}

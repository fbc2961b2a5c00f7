// Builds one page: XG_PAGE_ROOT is its folder (else the worker's), XG_PAGE_OUT where it goes.
//
// The same sources give the same bytes: no times, no paths of the machine, names by content.
import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { words } from './build/words';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const root = resolve(here, process.env.XG_PAGE_ROOT ?? '../../agent/ui/page');

/** A part that is loaded later brings nothing along that would have to be fetched before it. */
const plainImports: Plugin = {
  name: 'plain-imports',
  enforce: 'pre',
  load: (id) => (id === '\0vite/preload-helper.js' ? 'export const __vitePreload = (load) => load();' : null),
};

/** What the pages outside this folder import by name. */
const lent = ['preact/hooks', 'preact/jsx-runtime', 'preact'];

export default defineConfig({
  plugins: [words([here, root]), plainImports],
  root,
  base: './',
  publicDir: false,
  cacheDir: resolve(here, 'node_modules/.vite'),
  resolve: {
    alias: [
      { find: /^@page\//, replacement: `${here.replace(/\/$/, '')}/` },
      ...lent.map((name) => ({
        find: new RegExp(`^${name.replace(/[/.]/g, '\\$&')}$`),
        replacement: resolve(here, 'node_modules', entry(name)),
      })),
    ],
  },
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    outDir: resolve(process.env.XG_PAGE_OUT ?? resolve(root, 'dist')),
    emptyOutDir: true,
    target: 'es2021',
    minify: 'terser',
    terserOptions: {
      module: true,
      ecma: 2020,
      safari10: false,
      compress: { passes: 3, pure_getters: true, keep_fargs: false },
      format: { comments: false },
    },
    modulePreload: false,
    cssCodeSplit: false,
    reportCompressedSize: false,
    assetsInlineLimit: 4096,
    chunkSizeWarningLimit: 400,
  },
});

/** The file of a package that an import of it means. */
function entry(name: string): string {
  const files: Record<string, string> = {
    preact: 'preact/dist/preact.mjs',
    'preact/hooks': 'preact/hooks/dist/hooks.mjs',
    'preact/jsx-runtime': 'preact/jsx-runtime/dist/jsxRuntime.mjs',
  };
  return files[name] ?? name;
}

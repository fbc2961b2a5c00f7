// Builds one page: XG_PAGE_ROOT is its folder (else the worker's), XG_PAGE_OUT where it goes.
//
// The same sources give the same bytes: no times, no paths of the machine, names by content.
import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { words } from './build/words';
import { mapParts } from './build/map_parts';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const root = resolve(here, process.env.XG_PAGE_ROOT ?? '../../agent/ui/page');

/** A part that is loaded later brings nothing along that would have to be fetched before it. */
const plainImports: Plugin = {
  name: 'plain-imports',
  enforce: 'pre',
  load: (id) => (id === '\0vite/preload-helper.js' ? 'export const __vitePreload = (load) => load();' : null),
};

/** What the pages outside this folder import by name. */
const lent = ['preact/hooks', 'preact/jsx-runtime', 'preact', 'leaflet/dist/leaflet.css', 'leaflet', 'gcoord'];

export default defineConfig({
  plugins: [words([here, root]), mapParts, plainImports],
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
      compress: { passes: 3, pure_getters: true, keep_fargs: false },
      // Leaflet's own names for what nobody else touches; a chunk is named by itself, and Leaflet is in one.
      mangle: { properties: { regex: /^_[a-z]/i } },
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
    leaflet: 'leaflet/dist/leaflet-src.esm.js',
    gcoord: 'gcoord/dist/gcoord.esm-bundler.js',
  };
  return files[name] ?? name;
}

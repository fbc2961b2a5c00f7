// Takes out of Leaflet and of gcoord, while a page is built, what our maps do not use.
//
// Of Leaflet: controls, popups, markers, vector layers (one canvas of our own draws, map/paint.ts),
// animated zooms, handlers that we replace, and every method that nobody names. A quarter is left.
// Leaflet hangs its parts onto each other when it is loaded, so the bundler cannot see by itself that
// they are not needed: those statements go, and the rest is marked as having no effect. What is left
// out is also all that writes markup, which the pages' policy refuses, but for one trial of whether
// markup becomes SVG.
//
// Of gcoord: the two steps from WGS-84 towards BD-09, without what walks through GeoJSON.
import { transformWithEsbuild, type Plugin } from 'vite';

const PARTS = [
  /^(Control|control|Polyline|Polygon|Circle|CircleMarker|Marker|LayerGroup|Icon|TileLayer|tileLayer|SVG|GeoJSON)\./,
  /^CRS\.(EPSG3395|EPSG900913|EPSG4326|Simple) = /,
  /^Map\.(BoxZoom|Keyboard|TapHold) = /,
  /^Map\.addInitHook\('addHandler', '(boxZoom|keyboard|tapHold)'/,
  /^Map\.addInitHook\(function/,
  /^Map\.include\(\{[^]*\b(addControl|openPopup|openTooltip|getRenderer): /,
  /^Layer\.include\(\{[^]*\b(bindPopup|bindTooltip): /,
  /^if \(Browser\.vml\)/,
];
const TRIAL = "div.innerHTML = '<svg/>';";
/** So many statements of 1.9.4 are named above; another Leaflet is to be looked at anew. */
const TAKEN = 46;

/** The classes that are left; of another one only its name is, where something asks for its kind. */
const CLASSES =
  /^var (?!(?:Evented|Map|Layer|GridLayer|Handler|Drag|Draggable|DoubleClickZoom|ScrollWheelZoom|TouchZoom|PosAnimation) )(\w+) = \w+\.extend\(\{[^]*$/;

/** What is known before it runs: that our browsers are none of long ago, and what chart.ts asks for. */
const KNOWN: [RegExp, string][] = [
  [/\bBrowser\.any3d\b/g, 'true'],
  [/\bBrowser\.passiveEvents\b/g, 'true'],
  [/\bBrowser\.(ie3d|ielt9|edge|msPointer|mobileOpera|vml|retina|safari)\b/g, 'false'],
  [/\b(this|map|this\._map)\._(zoom|fade)Animated\b(?! =)/g, 'false'],
  [/\b(this|map)\.options\.(zoomAnimation|worldCopyJump)\b/g, 'false'],
  [/\b(?:this\.|map\.|this\._map\.)?options\.maxBounds\b(?! =)/g, 'null'],
];
/** So named methods are called only where what is asked for is never asked. */
const UNASKED = /^(_createAnimProxy|_animateZoom|_animateZoomNoDelay|_onZoomTransitionEnd|_tryAnimatedZoom|stopLocate|panInsideBounds|flyTo|setMaxBounds|_panInsideMaxBounds)$/;

/** Statements that stand at the left edge, and all lines between them. */
function* statements(code: string): Generator<string> {
  let open: string[] = [];
  for (const line of code.split(/\r?\n/)) {
    open.push(line);
    if (open.length > 1 ? !/^[)}\]]/.test(line) : /^[\w$].*[{([,]$/.test(line)) continue;
    yield open.join('\n');
    open = [];
  }
  yield open.join('\n');
}

const COMMENT = /^\s*(\/\/.*|\/\*[^]*?\*\/)$/gm;
/** A method of a class as Leaflet's are printed; a function that stands for itself. */
const METHOD = /^  (\w+): function\(.*(?:\}|\{\n(?:    .*\n|\n)*?  \}),?$/gm;
const FUNCTION = /^function (\w+)\(.*\{\n(?:  .*\n|\n)*?\}$/gm;

/** Without the methods and functions that only they themselves name, until all that is left is named. */
function namedAlone(code: string): string {
  for (let left = code; ; code = left) {
    const uses = new Map<string, number>();
    for (const [name] of code.matchAll(/[\w$]+/g)) uses.set(name, (uses.get(name) ?? 0) + 1);
    for (const pattern of [METHOD, FUNCTION])
      for (const [found, name] of code.matchAll(pattern))
        uses.set(name!, uses.get(name!)! - (found.match(/[\w$]+/g) ?? []).filter((word) => word === name).length);
    for (const pattern of [METHOD, FUNCTION])
      left = left.replace(pattern, (found: string, name: string) => (uses.get(name) ? found : ''));
    if (left === code) return code;
  }
}

async function leafletPartOf(code: string): Promise<string> {
  let taken = 0;
  const kept: string[] = [];
  for (const statement of statements(code)) {
    if (PARTS.some((part) => part.test(statement))) taken++;
    else kept.push(statement.replace(CLASSES, 'var $1;').replace(/^(var \w+ = )(\w+\.extend\()/, '$1/*@__PURE__*/ $2'));
  }
  if (taken !== TAKEN || !code.includes(TRIAL))
    throw new Error(`map_parts: ${taken} statements, not ${TAKEN}: another Leaflet?`);
  let part = kept.join('\n').replace(TRIAL, "div.appendChild(svgCreate('svg'));");
  for (const [asked, answer] of KNOWN) part = part.replace(asked, answer);
  // Printed anew: without comments, and without what cannot be reached.
  const { code: printed } = await transformWithEsbuild(part.replace(COMMENT, ''), 'leaflet.js', { minifySyntax: true, sourcemap: false });
  return printed.replace(METHOD, (method, name: string) => (UNASKED.test(name) ? '' : method));
}

/** All of it is `transform` of any GeoJSON between any two systems: two functions are named instead. */
function gcoordPartOf(code: string): string {
  const whole = /^var CRSTypes;\n[^]*?^export \{ exported as default \};/m;
  if (!whole.test(code)) throw new Error('map_parts: another gcoord?');
  return code.replace(whole, 'export { WGS84ToGCJ02, GCJ02ToBD09 };');
}

const LEAFLET = 'leaflet-src.esm.js';

export const mapParts: Plugin = {
  name: 'map-parts',
  transform(code, id) {
    if (id.endsWith('gcoord.esm-bundler.js')) return gcoordPartOf(code);
    return id.endsWith(LEAFLET) ? leafletPartOf(code) : null;
  },
  // When the bundler has left out the classes that nobody uses, and what only they named.
  renderChunk: (code, chunk) => (chunk.moduleIds.some((id) => id.endsWith(LEAFLET)) ? namedAlone(code) : null),
};

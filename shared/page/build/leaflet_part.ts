// Takes out of Leaflet, while a page is built, what our maps do not use: controls, popups, markers,
// vector layers (one canvas of our own draws, map/paint.ts), handlers that we replace. Half of it.
//
// Leaflet hangs its parts onto each other when it is loaded, so the bundler cannot see by itself that
// they are not needed: those statements go, and the rest is marked as having no effect. What is left
// out is also all that writes markup, which the pages' policy refuses, but for one trial of whether
// markup becomes SVG.
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

function partOf(code: string): string {
  let taken = 0;
  const kept: string[] = [];
  for (const statement of statements(code)) {
    if (PARTS.some((part) => part.test(statement))) taken++;
    else kept.push(statement.replace(/^(var \w+ = )(\w+\.extend\()/, '$1/*@__PURE__*/ $2'));
  }
  if (taken !== TAKEN || !code.includes(TRIAL))
    throw new Error(`leaflet_part: ${taken} statements, not ${TAKEN}: another Leaflet?`);
  return kept.join('\n').replace(TRIAL, "div.appendChild(svgCreate('svg'));");
}

export const leafletPart = {
  name: 'leaflet-part',
  transform: (code: string, id: string): string | null =>
    id.endsWith('leaflet-src.esm.js') ? partOf(code) : null,
};

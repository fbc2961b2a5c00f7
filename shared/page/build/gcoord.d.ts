// What build/map_parts.ts leaves of gcoord: longitude first, as there.
declare module 'gcoord' {
  type Step = (place: [number, number]) => [number, number];
  export const WGS84ToGCJ02: Step;
  export const GCJ02ToBD09: Step;
}

// The history as a graph, on demand: a line for each record, lanes where people worked without
// seeing each other, and where their work came together again.
import { said } from '@page/domain';
import { whenOf, whoOf, type Told } from '@page/entity';
import { T } from '@page/text';

const ROW = 40;
const LANE = 22;
const FIRST = 16;

interface Node {
  of: Told;
  row: number;
  lane: number;
  after: number[];
}

/** Each record in the lane of one that it follows, if that one is the last there; else in a new one. */
function laid(records: readonly Told[]): { nodes: Node[]; lanes: number } {
  const rows = new Map(records.map((one, row) => [one.hash, row]));
  const ends: number[] = [];
  const nodes = records.map((of, row): Node => {
    const after = of.after.map((hash) => rows.get(hash)).filter((at) => at !== undefined && at < row) as number[];
    let lane = ends.findIndex((end) => after.includes(end));
    if (lane < 0 && row > 0 && after.length === 0) lane = ends.indexOf(-1);
    if (lane < 0) lane = ends.length;
    for (const [other, end] of ends.entries()) if (other !== lane && after.includes(end)) ends[other] = -1;
    ends[lane] = row;
    return { of, row, lane, after };
  });
  return { nodes, lanes: Math.max(1, ends.length) };
}

const x = (lane: number): number => FIRST + lane * LANE;
const y = (row: number): number => ROW / 2 + row * ROW;

function wordsOf(of: Told): string {
  if (of.move !== undefined) return said('moves', String(of.move));
  if (of.n === 1) return T('记录', 'recorded');
  return T('更改', 'changed');
}

export function Graph({ of }: { of: readonly Told[] }) {
  const { nodes, lanes } = laid(of);
  const height = nodes.length * ROW;
  const width = FIRST * 2 + lanes * LANE;
  return (
    <div class="graph" role="group" aria-label={T('经过的图：谁的记录接着谁的', 'Graph of what happened: whose record follows whose')}>
      <svg class="graph-lines" viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
        {nodes.flatMap((node) =>
          node.after.map((from) => {
            const parent = nodes[from]!;
            const bend = y(node.row) - ROW / 2;
            return (
              <path
                key={`${node.row}-${from}`}
                class="graph-edge"
                d={`M${x(parent.lane)} ${y(parent.row)}V${Math.max(y(parent.row), bend - ROW / 2)}C${x(parent.lane)} ${bend} ${x(node.lane)} ${bend} ${x(node.lane)} ${y(node.row)}`}
              />
            );
          }),
        )}
        {nodes.map((node) => (
          <circle key={node.row} class={node.of.effect === 'full' ? 'graph-node' : 'graph-node graph-void'} cx={x(node.lane)} cy={y(node.row)} r={6} />
        ))}
      </svg>
      <ol class="graph-words">
        {nodes.map(({ of: one }) => (
          <li key={one.hash}>
            <span>
              <strong>{whoOf(one)}</strong> {wordsOf(one)} <span class="quiet">{whenOf(one)}</span>
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}

// 交办单: what a unit is given to do, by when, and what the law of the place has it answer for; 督办单:
// the same case, what is wrong with it, and what is to be replied.
import type { ComponentChildren } from 'preact';
import { categoryNamed, kindNamed, said, theDomain } from '@page/domain';
import { nameOf, numberOf, whenOf, type Element, type PhotoValue } from '@page/entity';
import { dated, label, T } from '@page/text';
import { Thumb } from '@page/ui/photo';
import { fieldLabel, titleOf, valueText } from '@page/value';
import type { Told } from '@page/entity';
import { AskWhy, useReading } from '../case/why';
import { levelName, proofText, type DeskCase } from '../case/facts_desk';
import { useCase } from '../case/look';
import { unitNamed } from '../cases/row';
import { operator } from '../shell/session';
import { Paper } from './print';

function Line({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td colSpan={3}>{children}</td>
    </tr>
  );
}

function Pair({ of }: { of: [string, ComponentChildren][] }) {
  return (
    <tr>
      {of.flatMap(([name, value]) => [
        <th scope="row" key={name}>
          {name}
        </th>,
        <td key={`${name}-value`}>{value}</td>,
      ])}
    </tr>
  );
}

const text = (of: DeskCase, name: string): string => valueText(kindNamed(of.kind)?.fields.find((field) => field.name === name), of.fields[name], of.names?.[name]);
const given = (of: DeskCase, name: string): string => (of.fields[name] === undefined ? '' : text(of, name));

/** The place that signs: the unit of whoever prints. */
const office = (): string => unitNamed(operator.value?.unit ?? theDomain().me.units[0]) || T('指挥中心', 'Command centre');

function Photos({ of }: { of: Element[] }) {
  if (of.length === 0) return <>{T('无', 'none')}</>;
  return (
    <span class="paper-photos">
      {of.slice(0, 4).map((one) => {
        const photo = one.value as unknown as PhotoValue;
        return <Thumb key={photo.sha256} sha256={photo.sha256} alt={said('photo_roles', photo.role) || T('照片', 'photo')} />;
      })}
    </span>
  );
}

/** The newest of a move, with its reason. */
function lastMove(history: Told[], move: string): Told | undefined {
  return [...history].reverse().find((one) => one.move === move && one.effect === 'full');
}

const whyOf = (one: Told | undefined): string => valueText(undefined, one?.changes.find((change) => change.field === 'why')?.value);

function Body({ of, supervise, history }: { of: DeskCase; supervise: boolean; history: Told[] }) {
  const clock = of.clocks?.find((one) => !one.ended && one.due);
  const board = given(of, 'board');
  const category = categoryNamed(typeof of.fields.category === 'string' ? of.fields.category : null);
  const duty = theDomain().site.duties.find((one) => one.unit === of.fields.unit && (one as { categories?: string[] }).categories?.some((code) => code === of.fields.category || category?.parent === code));
  const supervised = lastMove(history, 'supervise');
  const dispatched = lastMove(history, 'dispatch') ?? lastMove(history, 'designate') ?? lastMove(history, 'hand_down');
  const returns = history.filter((one) => one.move === 'return' && one.effect === 'full').length;
  const reminders = history.filter((one) => one.move === 'remind' && one.effect === 'full').length;
  return (
    <>
      <header class="paper-head">
        <p class="paper-office">{office()}</p>
        <h2>{supervise ? T('督 办 单', 'Supervision order') : T('交 办 单', 'Work order')}</h2>
        <p class="paper-number">
          <span>{T(`编号：${given(of, 'case_number') || numberOf(of)}`, `No. ${given(of, 'case_number') || numberOf(of)}`)}</span>
          <span>{T(`打印：${dated(Date.now())}`, `printed ${dated(Date.now())}`)}</span>
        </p>
      </header>
      <table class="paper-table">
        <tbody>
          <Pair
            of={[
              [T('承办单位', 'To'), <strong key="unit">{given(of, 'unit') || T('（未派遣）', '(not dispatched)')}</strong>],
              [T('办理时限', 'Due'), <strong key="due">{clock ? dated(clock.due) : T('（未设）', '(none)')}</strong>],
            ]}
          />
          <Pair
            of={[
              [T('板块', 'Board'), board],
              [T('紧急程度', 'Urgency'), given(of, 'urgency')],
            ]}
          />
          <Line name={T('事项', 'Matter')}>{titleOf(of)}</Line>
          <Line name={fieldLabel(kindNamed(of.kind), 'address')}>{given(of, 'address')}</Line>
          <Line name={T('情况', 'What')}>
            <span class="paper-text">{given(of, 'description')}</span>
          </Line>
          <Pair
            of={[
              [T('上报', 'Reported'), `${nameOf(of.created)} · ${whenOf(of.created)}`],
              [T('来源', 'Source'), given(of, 'channel')],
            ]}
          />
          <Pair
            of={[
              [T('现状态', 'Status'), said('statuses', of.status)],
              [T('层级', 'Level'), levelName(typeof of.fields.level === 'string' ? of.fields.level : null)],
            ]}
          />
          {duty && <Line name={T('职责依据', 'Duty')}>{`${duty.code} ${duty.text}`}</Line>}
          {dispatched && <Line name={T('派遣', 'Dispatched')}>{`${nameOf(dispatched)} · ${whenOf(dispatched)}`}</Line>}
          {supervise && (
            <>
              <Line name={T('督办原因', 'Why')}>{supervised ? whyOf(supervised) : clock?.overdue ? T('已超期', 'overdue') : ''}</Line>
              <Line name={T('时限情况', 'Deadlines')}>
                {(of.clocks ?? [])
                  .filter((one) => one.line)
                  .map((one) => one.line)
                  .join(T('；', '; '))}
              </Line>
              <Line name={T('退单、催办', 'Returned, reminded')}>{T(`退单 ${returns} 次，催办 ${reminders} 次`, `returned ${returns} times, reminded ${reminders} times`)}</Line>
            </>
          )}
          <Line name={T('照片', 'Photos')}>
            <Photos of={of.sets.photo ?? []} />
          </Line>
          <Line name={supervise ? T('督办要求', 'What is asked') : T('办理要求', 'What is asked')}>
            <span class="paper-text">
              {supervise
                ? T('请在时限内办结，并书面回复办理情况和未按时办结的原因。', 'Please settle it in time, and reply in writing what was done and why it was late.')
                : (label((category as unknown as { close_if?: { zh: string; en: string } })?.close_if) || T('请在时限内办结，回填结果并附处置后照片。', 'Please settle it in time, and give back the result with a photo of after.'))}
            </span>
          </Line>
          <Line name={supervise ? T('承办单位回复', 'Reply') : T('办理结果', 'Result')}>
            <span class="paper-blank">{given(of, 'result')}</span>
          </Line>
        </tbody>
      </table>
      <footer class="paper-sign">
        <span>{T('签发：', 'Issued by: ')}</span>
        <span>{T('签收：', 'Received by: ')}</span>
        <span>{T('承办人：', 'Handled by: ')}</span>
        <span>{T('日期：', 'Date: ')}</span>
      </footer>
      {of.proof && <p class="paper-proof">{proofText(of.proof)}</p>}
    </>
  );
}

export function Order({ id, supervise }: { id: string; supervise: boolean }) {
  const { of, body } = useCase(id);
  const history = useReading<Told>({ run: 'history', words: [id] }, id);
  const title = supervise ? T('督办单', 'Supervision order') : T('交办单', 'Work order');
  return (
    <Paper title={title} ready={of !== undefined}>
      {body}
      {history.wants && <AskWhy about={id} what={T('经过', 'The history')} />}
      {of && history.lines && <Body of={of} supervise={supervise} history={history.lines} />}
    </Paper>
  );
}

// A site's form: its questions, those that an answer calls for, and their answers as "key=value".
import { theDomain, type Question, type Template } from '@page/domain';
import { label, T } from '@page/text';
import { Choices, Count, YesNo } from '@page/form/inputs';
import { Wrap } from '@page/form/wrap';
import { missingText, type Form } from '@page/form/form';

type Answers = Map<string, string>;

function answersOf(texts: readonly string[]): Answers {
  const answers: Answers = new Map();
  for (const text of texts) {
    const cut = text.indexOf('=');
    if (cut > 0) answers.set(text.slice(0, cut), text.slice(cut + 1));
  }
  return answers;
}

/** Is it asked, after what was answered? */
function isAsked(question: Question, of: Template, answers: Answers): boolean {
  if (!question.if) return true;
  const { key, is } = question.if;
  const before = of.questions.find((other) => other.key === key);
  if (!before || !isAsked(before, of, answers)) return false;
  const given = (answers.get(key) ?? '').split(',');
  const wanted = (Array.isArray(is) ? is : [is]).map((one) => (one === true ? 'yes' : one === false ? 'no' : one));
  return wanted.some((one) => given.includes(one));
}

function QuestionEdit(props: {
  question: Question;
  value: string;
  problem: string | undefined;
  onText(text: string): void;
}) {
  const { question, value, onText, problem } = props;
  const name = label(question, question.key);
  const choices = (question.choices ?? []).map((choice) => ({ ...choice, name: choice.key }));
  const needed = question.required ?? false;
  return (
    <Wrap
      field={`item:${question.key}`}
      id={`q-${question.key}`}
      name={name}
      needed={needed}
      problem={problem}
      group={question.type !== 'text' && question.type !== 'number'}
    >
      {(tied) => {
        switch (question.type) {
          case 'bool':
            return <YesNo tied={tied} value={value} onText={onText} free={!needed} />;
          case 'choice':
            return <Choices tied={tied} value={value} onText={onText} choices={choices} free={!needed} />;
          case 'choices': {
            const ticked = value === '' ? [] : value.split(',');
            return (
              <div class="choices">
                {choices.map((choice) => (
                  <label class="choice" key={choice.name}>
                    <input
                      type="checkbox"
                      checked={ticked.includes(choice.name)}
                      onChange={() =>
                        onText(
                          choices
                            .map((other) => other.name)
                            .filter((other) => ticked.includes(other) !== (other === choice.name))
                            .join(','),
                        )
                      }
                    />
                    {label(choice)}
                  </label>
                ))}
              </div>
            );
          }
          case 'number':
            return <Count tied={tied} name={name} value={value} onText={onText} least={question.min ?? null} most={question.max ?? null} />;
          default:
            return <textarea {...tied} rows={2} value={value} onInput={(event) => onText(event.currentTarget.value)} />;
        }
      }}
    </Wrap>
  );
}

/** `seven@2026-1` or `seven` */
function templateNamed(text: string): Template | undefined {
  const [code, edition] = text.split('@');
  const all = theDomain().site.templates.filter((template) => template.code === code);
  return all.find((template) => template.edition === edition) ?? all[0];
}

export function Questions({ form }: { form: Form }) {
  const fitting = theDomain().site.templates.filter((template) => template.kind === form.kind.name);
  const chosen = form.filled.values.form?.[0] ?? '';
  const template = templateNamed(chosen);
  if (fitting.length === 0 && !chosen) return null;
  const answers = answersOf(form.filled.values.item ?? []);
  const write = (key: string, text: string): void => {
    // A form's answers are a list: what parts its items cannot stand inside one.
    const clean = text.replaceAll(';', ',').replaceAll('；', '，');
    answers.set(key, clean);
    const asked = (template?.questions ?? []).filter((question) => isAsked(question, template!, answers));
    form.set(
      'item',
      asked
        .filter((question) => answers.get(question.key))
        .map((question) => `${question.key}=${answers.get(question.key)}`),
    );
  };
  const asked = (template?.questions ?? []).filter((question) => isAsked(question, template!, answers));
  const lacks = (question: Question): string | undefined => {
    const judged = form.problem(`item:${question.key}`);
    if (judged) return judged;
    if (!form.tried || !question.required || answers.get(question.key)) return undefined;
    return missingText(question);
  };
  return (
    <section class="section questions">
      <Wrap field="form" id="f-form" name={T('检查表', 'Checklist')} problem={form.problem('form') ?? form.problem('item')} group>
        {(tied) => (
          <Choices
            tied={tied}
            value={template?.code ?? chosen}
            free
            choices={fitting.map((one) => ({ ...one, name: one.code }))}
            onText={(code) => {
              const next = templateNamed(code);
              form.change({
                ...form.filled,
                values: { ...form.filled.values, form: next ? [`${next.code}@${next.edition}`] : [], item: [] },
              });
            }}
          />
        )}
      </Wrap>
      {asked.map((question) => (
        <QuestionEdit
          key={question.key}
          question={question}
          value={answers.get(question.key) ?? ''}
          problem={lacks(question)}
          onText={(text) => write(question.key, text)}
        />
      ))}
    </section>
  );
}

/** Keys of the questions that are asked, required, and have no answer yet. */
export function unanswered(form: Form): string[] {
  const template = templateNamed(form.filled.values.form?.[0] ?? '');
  if (!template) return [];
  const answers = answersOf(form.filled.values.item ?? []);
  return template.questions
    .filter((question) => question.required && isAsked(question, template, answers) && !answers.get(question.key))
    .map((question) => question.key);
}

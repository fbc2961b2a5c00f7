// Registering a person, or moving one: a code, a name, a role, a unit. The name stays on the server.
import { useId, useState } from 'preact/hooks';
import { call } from '@page/api';
import { theDomain } from '@page/domain';
import { refresh } from '@page/store';
import { useTask } from '@page/task';
import { label, T } from '@page/text';
import { Button, tell, Trouble } from '@page/ui/parts';

export interface PersonFormProps {
  /** `worker add` or `operator add`. */
  run: string;
  roles: readonly string[];
  save: string;
  done?(code: string): void;
}

function Text(props: { label: string; value: string; hint?: string; onInput(value: string): void; list?: string }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <input id={id} type="text" autocomplete="off" spellcheck={false} list={props.list} value={props.value} onInput={(event) => props.onInput(event.currentTarget.value)} />
      {props.hint && <p class="hint">{props.hint}</p>}
    </div>
  );
}

export function PersonForm({ run, roles, save, done }: PersonFormProps) {
  const [code, setCode] = useState('');
  const [name, setName] = useState('');
  const [role, setRole] = useState('');
  const [unit, setUnit] = useState('');
  const task = useTask();
  const ids = { role: useId(), units: useId() };
  const add = async (event: Event): Promise<void> => {
    event.preventDefault();
    const added = code.trim();
    const ok = await task.run(() => call({ run, words: [added], flags: { name: name.trim(), role, unit: unit.trim() } }));
    if (!ok) return;
    refresh();
    tell({ text: T(`已登记 ${name.trim()}（${added}）`, `Registered: ${name.trim()} (${added})`) });
    setCode('');
    setName('');
    done?.(added);
  };
  const empty = !code.trim() || !name.trim() || !role || !unit.trim();
  return (
    <form class="card admin-form" onSubmit={(event) => void add(event)}>
      <div class="controls">
        <Text label={T('工号', 'Code')} value={code} onInput={setCode} />
        <Text label={T('姓名', 'Name')} value={name} onInput={setName} />
        <div class="field">
          <label for={ids.role}>{T('角色', 'Role')}</label>
          <select id={ids.role} value={role} onChange={(event) => setRole(event.currentTarget.value)}>
            <option value="">{T('请选择', 'choose')}</option>
            {theDomain()
              .roles.filter((one) => roles.includes(one.name))
              .map((one) => (
                <option key={one.name} value={one.name}>
                  {label(one)}
                </option>
              ))}
          </select>
        </div>
        <Text label={T('单位编码', 'Code of the unit')} value={unit} onInput={setUnit} list={ids.units} />
        <datalist id={ids.units}>
          {theDomain().site.units.map((one) => (
            <option key={one.code} value={one.code}>
              {one.name}
            </option>
          ))}
        </datalist>
        <Button type="submit" icon="plus" busy={task.busy} disabled={empty}>
          {save}
        </Button>
      </div>
      <p class="quiet">{T('工号进日志，姓名只留在本机。同一工号再登记一次就是调岗。', 'The code goes into the log, the name stays on this machine. Registering a code again moves the person.')}</p>
      <Trouble of={task.trouble} />
    </form>
  );
}

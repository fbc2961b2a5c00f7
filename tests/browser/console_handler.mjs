// A handler at her desk: what she cannot do in time or at all, and what the dispatcher answers;
// the same thing reported twice, the proof, the evidence; her queue in every theme.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { handOver, move, openCase, shown, staffed } from './office.mjs';
import { until } from './run.mjs';
import { BIN, PHOTOS, run } from './world.mjs';

const told = (world, id) => world.serverAsk(['history', world.data, id]);

/** A dispatcher and a handler; and cases in the handler's hands, signed for. */
async function office(t, count, address = '书香苑') {
  const world = await staffed(t, 'd9', 'h9');
  const device = world.enrol('a', 'w1');
  const ids = [];
  for (let i = 0; i < count; i++)
    ids.push(device.one(['incident', 'category=env-garbage', `address=${address}${i + 1}号楼`, 'description=垃圾满溢', `position=35.05${i},118.35`, '--photo', `${path.join(PHOTOS, 'has-lens-info.jpg')}:before`]).id);
  device.sync();
  for (const id of ids) handOver(world, id, 'board=environment', 'post=cg-1');
  return { world, device, ids };
}

async function act(t, page, id, name, fill) {
  await openCase(t, page, id);
  await move(page, name, fill);
}

const DAY_MS = 86400000;
/** A day so far ahead, as the field of a time takes it. */
const ahead = (days) => new Date(Date.now() + 8 * 3600000 + days * DAY_MS).toISOString().slice(0, 16);

async function ask(panel, why, days) {
  await panel.getByLabel(/理由/).fill(why);
  await panel.locator('input[type=datetime-local], input[type=date]').first().fill(ahead(days));
}

/** The exit status of xunge-audit for what does not stand the check. */
const ALTERED = 7;

const base64 = (bytes) => Buffer.from(bytes, 'latin1').toString('base64');

/** An evidence file whose records have other words, of the same length: it holds them as lines
 * `fields BASE64` of an archive, itself in base64. */
function inRecords(file, from, to) {
  const [was, is] = [from, to].map((words) => Buffer.from(words).toString('latin1'));
  return file.replace(/(?<=<script type="application\/x-xunge-evidence">)[^<]*/, (held) => {
    const archive = Buffer.from(held, 'base64').toString('latin1');
    const other = archive.replace(/(?<=^fields )\S+$/gm, (fields) => base64(Buffer.from(fields, 'base64').toString('latin1').replace(was, is)));
    assert.notEqual(other, archive, 'a record has the words');
    const line = new RegExp(`.{1,${held.trim().indexOf('\n')}}`, 'g');
    return `\n${base64(other).match(line).join('\n')}\n`;
  });
}

export const tests = {
  'what cannot be done in time is asked for; granted, refused, or taken back by the duty list': async (t) => {
    const { world, ids } = await office(t, 4);
    const [extended, shelved, deferred, returned] = ids;
    const hands = await t.desk(world, 'h9', { at: '#/queue' });
    await hands.locator('.desk-row').nth(3).waitFor();
    await act(t, hands, extended, '申请延期', (panel) => ask(panel, '要等吊车', 5));
    await act(t, hands, shelved, '申请挂账', (panel) => ask(panel, '涉及拆迁', 30));
    await act(t, hands, deferred, '申请缓办', (panel) => ask(panel, '冬季不能施工', 60));
    await t.shot(hands, 'console-asked');

    const desk = await t.desk(world, 'd9');
    // What she asked for stands in the answer's form.
    await openCase(t, desk, extended);
    await desk.locator('.move-bar .button', { hasText: '同意延期' }).first().click();
    const panel = desk.locator('form.act-panel');
    await until(async () => (await panel.locator('input[type=datetime-local], input[type=date]').first().inputValue()).startsWith(ahead(5).slice(0, 10)), 'the day that she asked for');
    assert.match(await panel.innerText(), /要等吊车/);
    await t.accessible(desk, 'granting');
    await t.shot(desk, 'console-grant');
    await panel.locator('button[type=submit]').click();
    await panel.waitFor({ state: 'detached' });
    assert.ok(shown(world, extended).clocks.some((one) => one.extended), 'its clock goes on longer');
    await act(t, desk, shelved, '驳回申请', (form) => form.getByLabel(/理由/).fill('先清理，再谈拆迁'));
    assert.equal(shown(world, shelved).status, 'handling');
    await act(t, desk, deferred, '同意缓办', async () => undefined);
    assert.equal(shown(world, deferred).status, 'deferred');

    // She hears of each; a case that waits can be taken up again.
    await openCase(t, hands, shelved);
    await hands.getByText('先清理，再谈拆迁').first().waitFor();
    await openCase(t, hands, deferred);
    assert.match(await hands.locator('.case-head').innerText(), /缓办|暂停/);

    // By the duty list: what is hers by it cannot be given back so; another's line can be cited.
    await openCase(t, hands, returned);
    await hands.locator('.move-bar .button', { hasText: '退单' }).first().click();
    const form = hands.locator('form.act-panel');
    await form.getByLabel(/理由/).fill('不是我单位职责');
    await form.getByLabel(/职责/).fill('排水');
    await hands.getByRole('option', { name: /排水/ }).first().click();
    await t.accessible(hands, 'returning');
    await t.shot(hands, 'console-return');
    await form.locator('button[type=submit]').click();
    await form.waitFor({ state: 'detached' });
    await until(() => shown(world, returned).status === 'returned', 'returned');
    await openCase(t, desk, returned);
    assert.match(await desk.locator('.story').innerText(), /不是我单位职责/);
    assert.match(await desk.locator('.story').innerText(), /sz-02|排水/);
  },

  'the same thing twice: side by side, linked, unlinked; the proof as the command says it; the evidence, verified': async (t) => {
    const { world, device, ids } = await office(t, 1);
    const [id] = ids;
    const twin = device.one(['incident', 'category=env-garbage', 'address=书香苑1号楼北侧', 'description=垃圾又满了', 'position=35.0501,118.35']).id;
    device.sync();
    const page = await t.desk(world, 'd9', { at: `#/case/${id}` });
    await page.getByRole('button', { name: '并排看' }).first().click();
    await page.locator('.versions tbody').waitFor();
    assert.match(await page.locator('.versions').innerText(), /书香苑1号楼[^]*书香苑1号楼北侧/);
    await t.inThemes(page, 'side by side');
    await page.locator('.versions').scrollIntoViewIfNeeded();
    await t.shot(page, 'console-same');
    await page.getByRole('button', { name: '是同一件' }).first().click();
    await page.locator('.linked').waitFor();
    assert.deepEqual(shown(world, id).group.members.map((one) => one.id).sort(), [id, twin].sort());
    await page.getByRole('button', { name: '不是同一件…' }).click();
    await page.getByLabel(/为什么不是同一件/).fill('两处垃圾点');
    await t.accessible(page, 'unlinking');
    await page.getByRole('button', { name: '取消关联' }).click();
    await page.locator('.linked').waitFor({ state: 'detached' });
    assert.ok((shown(world, id).group?.members.length ?? 1) < 2, 'each by itself');

    // The proof's words are the command's.
    await page.getByRole('button', { name: '现在核验' }).click();
    await page.getByRole('button', { name: '已重新核验' }).waitFor();
    const proof = world.serverAsk(['proof', world.data, id], { env: { LC_ALL: 'zh_CN.UTF-8' } })[0];
    const says = await page.locator('.proof strong').innerText();
    assert.ok(says.includes(`第 ${proof.entry.toLocaleString('zh-CN')} 条`), `${says}: ${proof.entry}`);
    assert.ok(says.includes(`${proof.cosigned_by} 台设备连署`), says);
    const china = (time) => new Date(Date.parse(time) + 8 * 3600000).toISOString().slice(11, 16);
    for (const [word, time] of [['不早于', proof.not_before], ['不晚于', proof.not_after]])
      if (time) assert.match(says, new RegExp(`${word}[^；]*${china(time)}`));
      else assert.doesNotMatch(says, new RegExp(word));
    assert.match(says, { proven: /署名已证明/, claimed: /声明|自报/, asserted: /服务器认定/ }[proof.grade]);
    assert.match(says, /^未改动/);

    // The evidence file, as anybody checks it.
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: '下载证据文件' }).click();
    const file = path.join(world.folder, 'evidence.html');
    await (await saved).saveAs(file);
    assert.ok(fs.statSync(file).size > 20000);
    const log = /^log\s+(\S+)/m.exec(world.server(['key', world.data]).out)[1];
    const check = () => run([path.join(BIN, 'xunge-audit'), 'evidence', file, '--key', log], { codes: null });
    const audit = check();
    assert.equal(audit.code, 0, audit.out + audit.err);
    // Other words on the page that people read; the same in the signed record, where both agree.
    const whole = fs.readFileSync(file, 'utf8');
    const [WROTE, SAYS] = ['垃圾满溢', '一切正常'];
    const page_only = whole.replaceAll(WROTE, SAYS);
    assert.notEqual(page_only, whole);
    for (const [what, altered] of [['the page', page_only], ['page and record', inRecords(page_only, WROTE, SAYS)]]) {
      fs.writeFileSync(file, altered);
      const found = check();
      assert.equal(found.code, ALTERED, `${what}: ${found.out}${found.err}`);
    }
  },

  'the queue: most pressing first, keys from end to end, clean in every theme and on a phone': async (t) => {
    const { world, ids } = await office(t, 3);
    const page = await t.desk(world, 'h9', { at: '#/queue' });
    await page.locator('.desk-row').nth(2).waitFor();
    await page.locator('.move-bar').waitFor();
    await t.inThemes(page, 'the queue');
    await page.locator('h1').focus();
    await page.keyboard.press('p');
    const panel = page.locator('form.act-panel');
    await panel.waitFor();
    await panel.getByLabel(/结果/).fill('已清运');
    await panel.locator('input[type=file]').first().setInputFiles(path.join(PHOTOS, 'has-lens-info.jpg'));
    await panel.locator('.form-photo select').waitFor();
    await t.inThemes(page, 'a result with its photo');
    await page.keyboard.press('Escape');
    await page.locator('h1').focus();
    await page.keyboard.press('n');
    await page.locator('.act-panel').waitFor();
    await t.accessible(page, 'a note');
    await page.keyboard.press('?');
    await page.keyboard.press('Escape');
    await t.shot(page, 'console-queue-desk');
    assert.equal(ids.length, 3);
    const phone = await t.desk(world, 'd9', { screen: 'small', at: `#/case/${ids[0]}` });
    await phone.locator('.move-bar').waitFor();
    await t.fits(phone, 'a case on a phone', 44);
    await t.accessible(phone, 'a case on a phone');
    await t.shot(phone, 'console-case-phone');
  },
};

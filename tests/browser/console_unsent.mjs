// What was typed at a desk and not recorded yet: it survives a reload, another page, a login that
// ran out; with its photos, which are there for nobody else; and is gone where it must be.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { DISTRICT, ENFORCEMENT, option, shown } from './office.mjs';
import { PASSWORD, until } from './run.mjs';
import { PHOTOS } from './world.mjs';

const PHOTO = path.join(PHOTOS, 'has-lens-info.jpg');
const SHA256 = createHash('sha256').update(fs.readFileSync(PHOTO)).digest('hex');

/** A case in a handler's hands, signed for. */
function handed(world) {
  const device = world.enrol('a', 'w1');
  const { id } = device.one(['incident', 'category=env-garbage', 'address=书香苑3号楼', 'description=垃圾满溢', 'position=35.05,118.35']);
  device.sync();
  for (const words of [['accept'], ['file'], ['dispatch', `unit=${ENFORCEMENT}`, 'board=urban']]) world.serverAsk(['do', world.data, id, ...words, '--as', 'd9', '--unsigned'], { codes: [0, 5] });
  world.serverAsk(['do', world.data, id, 'sign', '--as', 'h9', '--unsigned']);
  return id;
}

async function open(page, name) {
  await page.locator('.move-bar .button', { hasText: name }).first().click();
  const panel = page.locator('form.act-panel');
  await panel.waitFor();
  return panel;
}

/** What the browser keeps of forms. */
const kept = (page) => page.evaluate(() => Object.entries(sessionStorage).filter(([key]) => key.includes('unsent')).flat().join('\n'));

const call = (page, what) =>
  page.evaluate(async ([at, body]) => {
    const response = await fetch(at, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${sessionStorage.getItem('xunge-token')}` },
      body: JSON.stringify(body),
    });
    return { status: response.status, text: (await response.text()).slice(0, 400) };
  }, what);

const noise = (text) => /photo get|photo=|401|403|404/.test(text);

export const tests = {
  'a result and its photo are there after a reload, for her alone, and gone once they are recorded': async (t) => {
    const world = await t.world();
    world.operator('d9', '陈静', 'dispatcher', DISTRICT);
    world.operator('h9', '孙磊', 'handler', ENFORCEMENT);
    world.operator('h8', '周敏', 'handler', ENFORCEMENT);
    const id = handed(world);
    const page = await t.desk(world, 'h9', { at: `#/case/${id}` });
    page.on('dialog', (dialog) => dialog.accept());
    let panel = await open(page, '处置完成');
    await panel.getByLabel(/结果/).fill('已清运，两车');
    await panel.locator('input[type=file]').first().setInputFiles(PHOTO);
    await panel.locator('.form-photo select').selectOption('after');
    await until(async () => (await kept(page)).includes('"after"'), 'kept in the tab');
    await page.reload();
    await page.locator('.move-bar').waitFor();
    panel = page.locator('form.act-panel');
    if (!(await panel.count())) panel = await open(page, '处置完成');
    await panel.locator('.resumed').waitFor();
    assert.equal(await panel.getByLabel(/结果/).inputValue(), '已清运，两车');
    assert.equal(await panel.locator('.form-photo select').inputValue(), 'after');
    await panel.locator('.form-photo').scrollIntoViewIfNeeded();
    await until(() => panel.locator('.form-photo img').evaluate((img) => img.complete && img.naturalWidth > 0), 'its picture');
    await t.accessible(page, 'gone on with');
    await t.shot(page, 'console-unsent');

    // A colleague who knows its name has nothing of it: not to see, not to name.
    const other = await t.desk(world, 'h8', { at: `#/case/${id}`, quiet: noise });
    const get = ['/api/data', { run: 'photo get', words: [SHA256, '-'], flags: { small: true } }];
    assert.equal((await call(page, get)).status, 200);
    assert.equal((await call(other, get)).status, 404);
    const named = await call(other, ['/api/run', { run: 'note', words: [id, '借用'], flags: { photo: [SHA256] } }]);
    assert.match(named.text, /not-found/);

    // Another page and back; begun anew; recorded.
    await t.go(page, '#/cases');
    await t.go(page, `#/case/${id}`);
    panel = await open(page, '处置完成');
    assert.equal(await panel.getByLabel(/结果/).inputValue(), '已清运，两车');
    await panel.getByRole('button', { name: '不要了，重新写' }).click();
    assert.equal(await panel.getByLabel(/结果/).inputValue(), '');
    assert.equal(await panel.locator('.form-photo').count(), 0);
    assert.equal(await kept(page), '');
    await panel.getByLabel(/结果/).fill('已清运');
    await panel.locator('input[type=file]').first().setInputFiles(PHOTO);
    await panel.locator('.form-photo select').selectOption('after');
    await panel.locator('button[type=submit]').click();
    await panel.waitFor({ state: 'detached' });
    await until(() => world.serverAsk(['show', world.data, id])[0].status === 'handled', 'handled');
    assert.equal(await kept(page), '');
    assert.equal((await call(other, get)).status, 200, 'the case of her unit names it now');
  },

  'a login that ran out takes what is personal, leaves her words, and gives them to nobody else': async (t) => {
    const world = await t.world();
    world.operator('d9', '陈静', 'dispatcher', DISTRICT);
    world.operator('d8', '王调度', 'dispatcher', DISTRICT);
    const page = await t.desk(world, 'd9', { at: '#/intake', quiet: noise });
    page.on('dialog', (dialog) => dialog.accept());
    const fill = async () => {
      await page.getByLabel('姓名').fill('李四');
      await page.getByLabel('电话').fill('13800000000');
      await page.getByLabel('情况描述').fill('摊位占了人行道');
      await page.locator('.intake input[type=file]').first().setInputFiles(PHOTO);
      await page.locator('.form-photo select').waitFor();
      await until(async () => (await kept(page)).includes('13800000000'), 'kept');
    };
    const end = async () => {
      world.server(['operator', 'lock', world.data, 'd9', '--why', '试']);
      await page.locator('#code').waitFor();
      world.server(['operator', 'unlock', world.data, 'd9']);
    };
    const enter = async (code) => {
      await page.locator('#code').fill(code);
      await page.locator('#password').fill(PASSWORD);
      await page.locator('button[type=submit]').click();
      await page.locator('.menu').waitFor();
      await t.go(page, '#/intake');
    };
    await fill();
    await end();
    assert.doesNotMatch(await kept(page), /13800000000|李四/);
    // A day goes by; what nobody used was cleared.
    const staged = path.join(world.data, 'staged');
    for (const name of fs.readdirSync(staged)) fs.utimesSync(path.join(staged, name), 1, 1);
    world.server(['photo', 'add', world.data, path.join(PHOTOS, 'f1-exif.jpg')]);
    await enter('d9');
    await page.locator('.resumed').waitFor();
    assert.equal(await page.getByLabel('情况描述').inputValue(), '摊位占了人行道');
    assert.equal(await page.getByLabel('电话').inputValue(), '');
    await page.getByText('有 1 张照片放了一天以上').waitFor();
    assert.equal(await page.locator('.form-photo').count(), 0);

    await end();
    await (await t.desk(world, 'd8')).close(); // she has a password now
    await enter('d8');
    assert.equal(await page.getByLabel('情况描述').inputValue(), '');
    assert.equal(await page.locator('.resumed').count(), 0);
    await fill();
    await page.getByRole('button', { name: '退出' }).click();
    await page.locator('#code').waitFor();
    assert.equal(await kept(page), '', 'who logs out leaves nothing');
  },

  'a form is judged as it stands: what comes late is of words that are not there any more': async (t) => {
    const world = await t.world();
    world.operator('d9', '陈静', 'dispatcher', DISTRICT);
    const device = world.enrol('a', 'w1');
    const { id } = device.one(['incident', 'category=env-garbage', 'address=书香苑3号楼', 'description=垃圾满溢', 'position=35.05,118.35']);
    device.sync();
    for (const move of ['accept', 'file']) world.serverAsk(['do', world.data, id, move, '--as', 'd9', '--unsigned'], { codes: [0, 5] });
    const page = await t.desk(world, 'd9', { at: `#/case/${id}` });
    const panel = await open(page, '派单');
    const judged = []; // each waits until it is let go
    await page.route('**/api/run', async (route) => {
      const { run, words } = route.request().postDataJSON();
      if (run !== 'try') return route.fallback();
      await new Promise((go) => judged.push({ words: words.join(' '), go }));
      return route.continue().catch(() => undefined); // the page may have given it up
    });
    const asked = (part) => until(() => judged.find(({ words }) => words.includes(part)), `judged with ${part}`);
    await panel.getByLabel('承办单位').fill('市场');
    const early = await asked('unit=市场');
    await option(page, /市场监督/).click();
    early.go();
    const late = await asked('unit=371302-sj');
    await panel.locator('button[type=submit]').click();
    await page.waitForTimeout(300);
    assert.equal(await panel.locator('.problem').count(), 0, 'nothing is wrong with what stands there');
    late.go();
    await panel.waitFor({ state: 'detached' });
    await until(() => shown(world, id).status === 'dispatched', 'dispatched');
  },
};

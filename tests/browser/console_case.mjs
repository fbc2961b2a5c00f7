// The whole loop of one case across worker, dispatcher, supervising office and handler, each at a
// page of their own, the worker's device offline for part of it; and a resident's photo from the
// door to the answer.
import assert from 'node:assert/strict';
import path from 'node:path';
import { until } from './run.mjs';
import { PHOTOS } from './world.mjs';

const DISTRICT = '371302';
const ENFORCEMENT = '371302-cg';

const shown = (world, id) => world.serverAsk(['show', world.data, id])[0];
const status = (world, id, wanted) => until(() => shown(world, id).status === wanted, wanted);
const now = (page) => page.getByRole('button', { name: '现在就办' }).click();

/** The page of a case, with its moves there. */
async function open(t, page, id) {
  await t.go(page, `#/case/${id}`);
  await page.locator('.move-bar').waitFor();
}

/** A move by its button, what its form asks filled in, and sent. */
async function move(page, name, fill = async () => undefined) {
  await page.locator('.move-bar .button', { hasText: name }).first().click();
  const panel = page.locator('form.act-panel');
  await panel.waitFor();
  await fill(panel);
  await panel.locator('button[type=submit]').click();
  await panel.waitFor({ state: 'detached' });
}

export const tests = {
  'one case goes round: worker, dispatcher, supervising office, handler, and back to the worker': async (t) => {
    const world = await t.world();
    world.operator('d9', '陈静', 'dispatcher', DISTRICT);
    world.operator('s9', '周敏', 'supervisor', DISTRICT);
    world.operator('h9', '孙磊', 'handler', ENFORCEMENT);
    const device = world.enrol('a', 'w1');
    const { id } = device.one(['incident', 'category=env-garbage', 'address=书香苑3号楼', 'description=垃圾满溢', 'position=35.05,118.35', '--photo', `${path.join(PHOTOS, 'has-lens-info.jpg')}:before`, '--contact', '李四', '--phone', '13800000000', '--consent', 'yes']);
    device.sync();

    const desk = await t.desk(world, 'd9');
    await desk.locator('.desk-row').first().waitFor();
    for (const [key, wanted] of [['a', 'accepted'], ['f', 'filed']]) {
      await desk.locator('h1').focus();
      await desk.keyboard.press(key);
      await now(desk);
      await status(world, id, wanted);
      await until(async () => new RegExp(wanted === 'accepted' ? '待核实' : '待派单').test(await desk.locator('.desk-row').innerText()), 'the row follows');
    }
    await desk.locator('h1').focus();
    await desk.keyboard.press('d');
    await until(async () => (await desk.evaluate(() => document.activeElement?.type)) === 'submit', 'the proposal is filled in');
    await desk.keyboard.press('Enter');
    await now(desk);
    await status(world, id, 'dispatched');
    assert.equal(shown(world, id).fields.unit, ENFORCEMENT);

    const office = await t.desk(world, 's9');
    await open(t, office, id);
    await move(office, '督办', (panel) => panel.getByLabel(/理由/).fill('居民多次反映'));
    await until(async () => /居民多次反映/.test(await office.locator('.story').innerText()), 'the story tells it');
    await t.shot(office, 'console-case');

    const hands = await t.desk(world, 'h9', { at: '#/queue' });
    await hands.locator('.desk-row').waitFor();
    await until(async () => /签收|接单/.test(await hands.locator('.move-bar').innerText()), 'what to do next');
    await t.shot(hands, 'console-queue');
    await hands.locator('h1').focus();
    await hands.keyboard.press('i');
    await now(hands);
    await status(world, id, 'handling');
    await open(t, hands, id);
    await move(hands, '督办回复', (panel) => panel.getByLabel(/回复/).fill('今天清完'));
    await move(hands, '处置完成', async (panel) => {
      await panel.getByLabel(/结果/).fill('已清运');
      await panel.locator('input[type=file]').first().setInputFiles(path.join(PHOTOS, 'has-lens-info.jpg'));
      await panel.locator('.form-photo select').waitFor();
    });
    await status(world, id, 'handled');
    assert.equal(shown(world, id).sets.photo.length, 2);
    await hands.locator('.photo-pairs, .photo-grid').first().waitFor();

    // The worker goes there without a network, and looks.
    await world.stop();
    device.do(['sync'], { codes: null });
    await world.start();
    device.sync();
    await world.stop();
    device.do(['do', id, 'inspect', 'result=已干净']);
    await world.start();
    device.sync();

    const closing = await t.desk(world, 'd9', { at: `#/case/${id}` });
    await closing.locator('.move-bar').waitFor();
    await move(closing, '答复', (panel) => panel.getByLabel(/答复/).fill('已清运，谢谢反映'));
    await move(closing, '结案', async (panel) => {
      await panel.getByLabel(/办结层级/).fill('街道');
      await closing.getByRole('option', { name: /街道/ }).first().click();
    });
    await status(world, id, 'closed');
    device.sync();
    assert.equal(device.one(['show', id]).status, 'closed');
    await t.settled(closing);
    await t.shot(closing, 'console-closed');
    // What the informant left is asked for with a reason, which is recorded.
    await closing.getByRole('button', { name: '说明理由后查看' }).first().click();
    await t.shot(closing, 'console-why');
    await closing.getByRole('button', { name: '回访' }).click();
    await closing.getByText('13800000000').waitFor();
    const looked = world.serverAsk(['accesses', world.data]);
    assert.equal(looked.filter((one) => one.why === '回访').length, 1, JSON.stringify(looked));
    await closing.getByRole('button', { name: '看图' }).click();
    await closing.locator('.graph').waitFor();
    await t.shot(closing, 'console-graph');
    await t.go(closing, `#/print/order/${id}`);
    await closing.locator('.paper-table').waitFor();
    await t.shot(closing, 'console-order');
    await t.go(closing, `#/print/supervise/${id}`);
    await closing.locator('.paper-table').waitFor();
    await t.shot(closing, 'console-supervise');
  },
};

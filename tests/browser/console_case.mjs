// The whole loop of one case across worker, dispatcher, supervising office and handler, each at a
// page of their own, the worker's device offline for part of it; and a resident's photo from the
// door to the answer.
import assert from 'node:assert/strict';
import path from 'node:path';
import { ENFORCEMENT, move, now, openCase, shown, staffed, status } from './office.mjs';
import { until } from './run.mjs';
import { PHOTOS } from './world.mjs';

export const tests = {
  'one case goes round: worker, dispatcher, supervising office, handler, and back to the worker': async (t) => {
    const world = await staffed(t, 'd9', 's9', 'h9');
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
    await openCase(t, office, id);
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
    await openCase(t, hands, id);
    await move(hands, '督办回复', (panel) => panel.getByLabel(/回复/).fill('今天清完'));
    await move(hands, '处置完成', async (panel) => {
      await panel.getByLabel(/结果/).fill('已清运');
      await panel.locator('input[type=file]').first().setInputFiles(path.join(PHOTOS, 'has-lens-info.jpg'));
      await panel.locator('.form-photo select').waitFor();
    });
    await status(world, id, 'handled');
    assert.equal(shown(world, id).sets.photo.length, 2);
    await hands.locator('.photo-pairs, .photo-grid').first().waitFor();

    // The worker goes there, looks, and writes it down without a network.
    device.sync();
    device.do(['do', id, 'inspect', 'result=已干净']);
    await until(async () => /处置完成/.test(await office.locator('.story').innerText()), 'the office hears of it by itself');
    device.sync();

    const closing = desk;
    await openCase(t, closing, id);
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

  'a resident calls and sends a photo: recorded, given a number, known when she calls again, answered': async (t) => {
    const world = await staffed(t, 'd9');
    const device = world.enrol('a', 'w1');
    const page = await t.desk(world, 'd9', { at: '#/intake' });
    const say = async (description) => {
      await page.getByRole('button', { name: '占道经营' }).first().click();
      await page.getByRole('button', { name: '在地图上选' }).click();
      await page.getByText('输入经纬度').click();
      await page.locator('#place-typed').fill('35.05,118.35');
      await page.getByRole('button', { name: '到那里' }).click();
      await page.getByRole('button', { name: '选好了' }).click();
      await page.getByLabel('地址').fill('书香苑东门');
      await page.getByLabel('情况描述').fill(description);
    };
    await page.getByText('更多', { exact: true }).click();
    await page.getByLabel('网格').fill('371302001001-j1');
    await page.getByLabel('姓名').fill('李四');
    await page.getByLabel('电话').fill('13800000000');
    await page.getByLabel('可以').check();
    await say('摊位占了人行道');
    await page.locator('.intake input[type=file]').first().setInputFiles(path.join(PHOTOS, 'has-lens-info.jpg'));
    await page.locator('.form-photo select').waitFor();
    assert.ok(await page.locator('.form-photo input[type=checkbox]').isChecked(), "a resident's photo is a forwarded one");
    await t.accessible(page, 'intake');
    await t.shot(page, 'console-intake');
    await page.getByRole('button', { name: /登记，给出编号/ }).click();
    const number = await page.locator('.intake-number').innerText();
    assert.match(number, /\d/);
    await t.shot(page, 'console-number');
    const [row] = world.serverAsk(['list', world.data, 'incident']);
    assert.equal(row.number, number);
    const told = shown(world, row.id);
    assert.equal(told.fields.channel, 'resident');
    assert.equal(told.sets.photo[0].value.origin, 'forwarded');

    // She calls again: her number is enough, and what she tells of is known.
    await page.keyboard.press('n');
    await page.getByLabel('电话').fill('1380000');
    await page.getByRole('option', { name: /李四/ }).click();
    await page.getByText(/李四/).first().waitFor();
    await say('还在');
    await page.locator('.near-box').waitFor();
    assert.match(await page.locator('.near-box').innerText(), /书香苑东门/);
    await page.getByRole('button', { name: '就是这一件' }).click();
    await page.getByRole('button', { name: /登记，给出编号/ }).click();
    await page.locator('.intake-number').waitFor();
    const rows = world.serverAsk(['list', world.data, 'incident']);
    assert.equal(rows.length, 2);
    const [first, second] = rows.map((one) => shown(world, one.id));
    assert.equal(first.fields.contact, second.fields.contact, 'one person is one contact');
    assert.equal(first.group.members.length, 2, 'linked as one thing');

    // The worker has it, with the photo, and settles it on the spot; the desk answers.
    device.sync();
    assert.equal(device.one(['show', row.id]).sets.photo[0].value.origin, 'forwarded');
    device.do(['do', row.id, 'self_handle', 'why=当场劝离']);
    device.sync();
    await openCase(t, page, row.id);
    await move(page, '答复', (panel) => panel.getByLabel(/答复/).fill('已劝离'));
    await until(() => shown(world, row.id).fields.answer === '已劝离', 'the answer');
  },

  "a hotline's orders come as a sheet: columns matched, looked at first, taken once": async (t) => {
    const world = await staffed(t, 'd9');
    const page = await t.desk(world, 'd9', { at: '#/intake/sheet' });
    const sheet = (rows) => ({ name: 'orders.csv', mimeType: 'text/csv', buffer: Buffer.from(['工单号,类别,内容,地址,来电时间', ...rows.map((one) => `${one},2026.5.15 8:30`)].join('\r\n')) });
    const take = async (rows) => {
      await page.locator('.sheet-take input').setInputFiles(sheet(rows));
      await page.locator('.sheet-columns').waitFor();
      for (const [column, field] of [['工单号', 'external'], ['类别', 'category'], ['内容', 'description'], ['地址', 'address']]) await page.getByLabel(column, { exact: true }).selectOption(field);
      await page.getByRole('button', { name: '预览' }).click();
      await page.locator('.table tbody tr').first().waitFor();
    };
    await take(['R-1,env-garbage,垃圾满溢,书香苑1号楼', 'R-2,,不知道,书香苑2号楼', 'R-3,env-trade,<b>摊位</b>,书香苑3号楼']);
    assert.equal(await page.getByLabel('来电时间', { exact: true }).inputValue(), 'happened', 'guessed, and to be seen');
    assert.match(await page.getByText(/3 行：2 行可收/).innerText(), /1 行有问题/);
    assert.equal(world.serverAsk(['list', world.data, 'incident']).length, 0, 'looking takes nothing in');
    await t.accessible(page, 'the sheet');
    await t.shot(page, 'console-sheet');
    await page.getByRole('button', { name: '收入 2 件' }).click();
    await until(() => world.serverAsk(['list', world.data, 'incident']).length === 2, 'two taken in');
    for (const { id } of world.serverAsk(['list', world.data, 'incident'])) assert.equal(shown(world, id).fields.happened, '2026-05-15T00:30:00.000Z');
    await take(['R-1,env-garbage,垃圾满溢,书香苑1号楼', 'R-3,env-trade,<b>摊位</b>,书香苑3号楼']);
    await page.getByText(/2 行：0 行可收，2 行已收过/).waitFor();
  },
};

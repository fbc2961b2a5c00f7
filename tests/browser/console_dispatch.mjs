// A dispatcher's day after the inbox: the whistle and its board, what is handed down, inspected, sent
// back and closed.
import assert from 'node:assert/strict';
import { bar, countOf, done, ENFORCEMENT, fillIn, GAS, handOver, now, option, rows, selectAll, shown, staffed } from './office.mjs';
import { until } from './run.mjs';

export const tests = {
  'a whistle is triaged; the board says who was called, who came, and hears the others': async (t) => {
    const world = await staffed(t, 'd9', 'j9', 'h9');
    const device = world.enrol('a', 'w1');
    const { id } = device.one(['incident', 'category=safe-gas', 'address=书香苑3号楼', 'description=有燃气味', 'position=35.05,118.35']);
    device.sync();
    const street = await t.desk(world, 'j9', { at: `#/case/${id}` });
    await street.getByRole('button', { name: '吹哨' }).click();
    await fillIn(street, async (panel) => {
      await panel.getByLabel('理由').fill('多部门现场处置');
      await panel.getByLabel('紧急').check();
    });
    await until(async () => /吹哨/.test(await street.locator('.story').innerText()), 'the story tells it');

    const page = await t.desk(world, 'd9', { at: `#/case/${id}` });
    await page.getByRole('button', { name: '分拨' }).click();
    const panel = page.locator('form.act-panel');
    await panel.waitFor();
    await t.shot(page, 'dispatch-triage');
    await t.accessible(page, 'triage');
    // What is asked is asked; nothing is sent without it.
    await panel.locator('button[type=submit]').click();
    await panel.locator('.problem').first().waitFor();
    for (const name of ['综合行政', '住房']) {
      await panel.getByRole('combobox', { name: '应报到单位' }).fill(name);
      await option(page, new RegExp(name)).click();
    }
    await panel.getByLabel('报到时限').first().fill(new Date(Date.now() + 10 * 3600000).toISOString().slice(0, 16));
    await panel.locator('button[type=submit]').click();
    await panel.waitFor({ state: 'detached' });
    const board = page.locator('.section', { hasText: '吹哨报到' });
    await board.getByText('应到 2 家，已到 0 家').waitFor();
    await t.inThemes(page, 'the board');
    await t.shot(page, 'dispatch-board');

    // One comes by herself, the other is heard of by telephone.
    world.act('h9', id, 'report_in', `present=${ENFORCEMENT}`);
    await board.getByText('应到 2 家，已到 1 家').waitFor();
    await board.getByRole('button', { name: /记报到.*住房/ }).click();
    assert.equal(shown(world, id).report_in.missing.length, 1, 'not before it was sent');
    await now(page);
    await board.getByText('2 家全部报到').waitFor();
    assert.deepEqual(shown(world, id).report_in.present.sort(), [ENFORCEMENT, GAS].sort());
  },

  'handed down; handled ones inspected, sent back and closed together, with level and answer': async (t) => {
    const world = await staffed(t, 'd9', 'd8', 'h9');
    const ids = world.orders('d8', ['甲', '乙', '丙', '丁', '戊', '己'].map((name) => `env-garbage,${name}路1号,垃圾`));
    for (const id of ids.slice(0, 3)) {
      handOver(world, id);
      world.act('h9', id, 'finish', 'result=已清运');
    }
    for (const id of ids.slice(3)) world.act('d8', id, 'accept');
    for (const id of ids.slice(4)) world.act('d8', id, 'file');
    const page = await t.desk(world, 'd9', { at: '#/?status=accepted' });
    await until(async () => (await rows(page).count()) === 1, 'the one to hand down');
    await page.locator('.move-bar').getByRole('button', { name: '交办' }).click();
    await fillIn(page, async (panel) => {
      await panel.getByLabel('承办单位').fill('前十');
      await option(page, /前十社区/).click();
    });
    await now(page);
    await until(() => shown(world, ids[3]).status === 'dispatched', 'handed down');

    // Two to be dispatched, against the catalogue, to one and the same; taken back, the form is as it was.
    await t.go(page, '#/?status=filed');
    await until(async () => (await rows(page).count()) === 2, 'two filed');
    await page.locator('h1').focus();
    await selectAll(page, 2);
    await page.keyboard.press('d');
    await page.getByRole('button', { name: '都派给同一家' }).click();
    await fillIn(page, async (panel) => {
      await panel.getByLabel('承办单位').fill('市场');
      await option(page, /市场监督/).click();
    });
    await bar(page).getByText('派单 2 件').waitFor();
    await page.keyboard.press('z');
    const again = page.locator('form.act-panel');
    await again.waitFor();
    assert.match(await again.getByLabel('承办单位').inputValue(), /市场监督/);
    await again.locator('button[type=submit]').click();
    await now(page);
    await done(page, '派单 2 件');
    await until(() => countOf(world, '--status', 'dispatched', '--holder', '371302-sj') === 2, '2 of them');

    await t.go(page, '#/?status=handled');
    await until(async () => (await rows(page).count()) === 3, 'three handled');
    await page.locator('h1').focus();
    await selectAll(page, 3);
    await page.locator('.bulk').getByRole('button', { name: '更多' }).click();
    await page.locator('.bulk').getByRole('button', { name: '核查' }).click();
    await fillIn(page, (panel) => panel.getByLabel('结果').fill('现场看过'));
    await now(page);
    await done(page, '核查 3 件');
    // One is not as it should be.
    await page.locator('.desk-row', { hasText: '甲路' }).locator('.desk-link').click();
    await until(async () => /甲路/.test(await page.locator('.beside-case h2').first().innerText()), 'the case beside');
    await page.locator('.move-bar').getByRole('button', { name: '返工' }).click();
    await fillIn(page, (panel) => panel.getByLabel('理由').fill('墙角还有'));
    await now(page);
    await until(() => shown(world, ids[0]).status === 'rework', 'sent back');
    await until(async () => (await rows(page).count()) === 2, 'it left the list');
    await page.locator('h1').focus();
    await selectAll(page, 2);
    await page.keyboard.press('c');
    await fillIn(page, async (panel) => {
      await panel.getByLabel('办结层级').fill('街道');
      await option(page, /街道/).click();
      await panel.getByLabel('答复').fill('已清运，谢谢反映');
    });
    await now(page);
    await done(page, '结案 2 件');
    for (const id of ids.slice(1, 3)) {
      const of = shown(world, id);
      assert.deepEqual([of.status, of.fields.answer, of.fields.settled_level], ['closed', '已清运，谢谢反映', 'street']);
    }
    await page.getByText('没有符合条件的').waitFor();
  },
};

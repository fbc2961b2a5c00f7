// A dispatcher's day: many at once, the whistle and its board, what is handed down, inspected, sent
// back and closed; filters, paging and keys.
import assert from 'node:assert/strict';
import { until } from './run.mjs';

const DISTRICT = '371302';
const STREET = '371302001';
const ENFORCEMENT = '371302-cg';
const GAS = '371302-zj';
const MANY = 105;

const shown = (world, id) => world.serverAsk(['show', world.data, id])[0];
const countOf = (world, ...flags) => world.serverAsk(['list', world.data, '--case', ...flags, '--count'])[0].count;
const rows = (page) => page.locator('.desk-row');
const bar = (page) => page.locator('.held-bar');
const now = (page) => bar(page).getByRole('button', { name: '现在就办' }).first().click();
const focus = (page, selector) => until(() => page.evaluate((wanted) => document.activeElement?.matches(wanted), selector), `the focus on ${selector}`);

const option = (page, text) => page.locator('.combo-list').getByRole('option', { name: text }).first();

/** All that is listed, by one key. */
async function selectAll(page, count) {
  await page.keyboard.press('A');
  await page.locator('.bulk', { hasText: `已选 ${count} 件` }).waitFor();
}

const done = (page, text) => page.locator('.notice', { hasText: text }).waitFor({ timeout: 60000 });

/** A form's button, with what is asked filled in. */
async function fillIn(page, fill) {
  const panel = page.locator('form.act-panel');
  await panel.waitFor();
  await fill(panel);
  await panel.locator('button[type=submit]').click();
  await panel.waitFor({ state: 'detached' });
}

/** A case that was dispatched, signed for and handled, by commands. */
function handled(world, id) {
  for (const move of ['accept', 'file']) world.act('d8', id, move);
  world.act('d8', id, 'dispatch', `unit=${ENFORCEMENT}`);
  world.act('h9', id, 'sign');
  world.act('h9', id, 'finish', 'result=已清运');
}

export const tests = {
  'a hundred at once: accepted, filed, dispatched by the catalogue, and who was not is said with the reason': async (t) => {
    const world = await t.world();
    world.operator('d9', '陈静', 'dispatcher', DISTRICT);
    world.operator('d8', '李强', 'dispatcher', DISTRICT);
    const ids = world.orders('d8', Array.from({ length: MANY }, (_, at) => `${at >= MANY - 2 ? 'life-lift' : at % 2 ? 'env-trade' : 'env-garbage'},书香苑${at + 1}号楼,第${at + 1}件`));
    assert.equal(ids.length, MANY);
    const page = await t.desk(world, 'd9');
    await rows(page).first().waitFor();

    // Further than was fetched: the cursor goes on, the focus with it.
    await until(async () => {
      await page.keyboard.press('j');
      return (await page.locator('.desk-row-at .desk-title').innerText()).includes(`书香苑${MANY - 49}号楼`);
    }, 'the 50th');
    await focus(page, '.desk-row-at .desk-link');

    await selectAll(page, MANY);
    await t.shot(page, 'dispatch-selected');
    await page.keyboard.press('a');
    await bar(page).getByText(`受理 ${MANY} 件`).waitFor();
    await now(page);
    await bar(page).locator('progress').waitFor();
    await t.shot(page, 'dispatch-doing');
    await done(page, `已办：受理 ${MANY} 件`);
    await until(() => countOf(world, '--status', 'accepted') === MANY, 'all of them');
    await focus(page, '.desk-row-at .desk-link, h1');

    // Two of them are gone before it is sent: those are named, with why, and the others are done.
    const first = () => page.locator('.desk-row').first().getAttribute('data-id');
    await until(async () => (await page.keyboard.press('k'), (await page.locator('.desk-row-at').getAttribute('data-id')) === (await first()) && (await first()) === ids.at(-1)), 'the top again');
    await page.keyboard.press('x');
    for (let at = 0; at < 5; at++) await page.keyboard.press('J');
    await page.locator('.bulk', { hasText: '已选 6 件' }).waitFor();
    await page.keyboard.press('f');
    await bar(page).getByText('立案 6 件').waitFor();
    for (const id of ids.slice(-4, -2)) world.act('d8', id, 'void', 'why=重复');
    await now(page);
    const report = bar(page).getByRole('alert');
    await report.waitFor();
    assert.match(await report.innerText(), /办成 4 件，没有办成 2 件[^]*作废/);
    assert.equal(await report.getByRole('link').count(), 2, 'each leads to its case');
    assert.equal(await report.getByRole('listitem').count(), 1, 'one reason for both');
    await t.shot(page, 'dispatch-refused');
    await t.inThemes(page, 'some were refused');
    await report.getByRole('button', { name: '知道了' }).click();
    await focus(page, '.desk-row-at .desk-link, h1');
    t.faults = t.faults.filter((fault) => !/"file"/.test(fault));

    // Each to whom the catalogue and the duties say: d, Enter.
    await t.go(page, '#/?status=filed');
    await until(async () => (await rows(page).count()) === 4, 'the four that were filed');
    await page.locator('h1').focus();
    await selectAll(page, 4);
    await page.keyboard.press('d');
    const plan = page.locator('.act-panel', { hasText: '各按目录' });
    await plan.getByText('市场监督管理局: 2 件').waitFor();
    await plan.getByText('综合行政执法局: 2 件').waitFor();
    await focus(page, '.button-main');
    await t.shot(page, 'dispatch-plan');
    await t.inThemes(page, 'by the catalogue');
    await page.keyboard.press('Enter');
    await bar(page).getByText('派单 4 件').waitFor();
    await now(page);
    await done(page, '派单 4 件');
    await until(() => countOf(world, '--status', 'dispatched', '--holder', ENFORCEMENT) === 2, '2 of them');
    await page.getByText('没有符合条件的').waitFor();
    await focus(page, 'h1');
  },

  'reminded, supervised, escalated and voided together': async (t) => {
    const world = await t.world();
    world.operator('d9', '陈静', 'dispatcher', DISTRICT);
    world.operator('d8', '李强', 'dispatcher', DISTRICT);
    const ids = world.orders('d8', ['甲', '乙', '丙'].map((name) => `env-garbage,${name}路1号,垃圾`));
    const page = await t.desk(world, 'd9');
    await until(async () => (await rows(page).count()) === 3, 'three rows');
    for (const [key, words, fill, holds] of [
      ['r', '催办', null, (_, told) => told.includes('"remind"')],
      ['s', '督办', (panel) => panel.getByLabel('理由').fill('居民多次反映'), (_, told) => told.includes('居民多次反映')],
      [
        'e',
        '提级',
        async (panel) => {
          await panel.getByLabel('所在层级').fill('district');
          await option(page, /^区$/).click();
        },
        (of) => of.fields.level === 'district',
      ],
      ['v', '作废', (panel) => panel.getByLabel('理由').fill('不属实'), (of) => of.status === 'voided'],
    ]) {
      await selectAll(page, 3);
      await page.keyboard.press(key);
      if (fill) await fillIn(page, fill);
      await bar(page).getByText(`${words} 3 件`).waitFor();
      assert.equal(await page.locator('.bulk').count(), 0);
      await now(page);
      await done(page, `${words} 3 件`);
      for (const id of ids) {
        const told = JSON.stringify(world.serverAsk(['history', world.data, id]));
        assert.ok(holds(shown(world, id), told), `${words}: ${told}`);
      }
    }
    await page.getByText('都办完了').waitFor();
    await focus(page, 'h1');
  },

  'a whistle is triaged; the board says who was called, who came, and hears the others': async (t) => {
    const world = await t.world();
    world.operator('d9', '陈静', 'dispatcher', DISTRICT);
    world.operator('j9', '王海燕', 'dispatcher', STREET);
    world.operator('h9', '孙磊', 'handler', ENFORCEMENT);
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
    const world = await t.world();
    world.operator('d9', '陈静', 'dispatcher', DISTRICT);
    world.operator('d8', '李强', 'dispatcher', DISTRICT);
    world.operator('h9', '孙磊', 'handler', ENFORCEMENT);
    const ids = world.orders('d8', ['甲', '乙', '丙', '丁', '戊', '己'].map((name) => `env-garbage,${name}路1号,垃圾`));
    for (const id of ids.slice(0, 3)) handled(world, id);
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

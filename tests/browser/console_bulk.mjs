// Many at once: selected, accepted, filed, dispatched by the catalogue, reminded, supervised, escalated
// and voided; how far it is, and who was refused and why.
import assert from 'node:assert/strict';
import { bar, countOf, done, ENFORCEMENT, fillIn, now, option, rows, selectAll, shown, staffed } from './office.mjs';
import { until } from './run.mjs';

const MANY = 105;

const focus = (page, selector) => until(() => page.evaluate((wanted) => document.activeElement?.matches(wanted), selector), `the focus on ${selector}`);

export const tests = {
  'a hundred at once: accepted, filed, dispatched by the catalogue, and who was not is said with the reason': async (t) => {
    const world = await staffed(t, 'd9', 'd8');
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
    const world = await staffed(t, 'd9', 'd8');
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
};

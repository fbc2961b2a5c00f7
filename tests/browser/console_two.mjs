// One desk and two people: a login that ends while something waits, and what a colleague may do with
// it; a case that two have at once, and what the second learns of the first.
import assert from 'node:assert/strict';
import { bar, ENFORCEMENT } from './office.mjs';
import { until } from './run.mjs';
import { desk, forgive, logIn, statusOf } from './console_held.mjs';

const addressOf = (world, id) => world.serverAsk(['show', world.data, id])[0].fields.address;
const row = (page, text) => page.locator('.desk-row', { hasText: text });

export const tests = {
  'the login ends while an act waits: she goes on with it, another person never does': async (t) => {
    const { world, ids, page } = await desk(t, ['甲']);
    const [id] = ids;
    const end = async () => {
      await page.locator('.desk-row .desk-link').focus();
      await page.keyboard.press('a');
      await bar(page).getByText('受理').waitFor();
      world.server(['operator', 'lock', world.data, 'd9', '--why', '离岗']);
      await page.locator('#code').waitFor();
      await page.getByText('有 1 步还没有办').waitFor();
      // Somebody who is back at once finds it still waiting, or done.
      await page.waitForTimeout(5000);
      world.server(['operator', 'unlock', world.data, 'd9']);
      assert.equal(statusOf(world, id), 'reported');
    };
    await end();
    await t.accessible(page, 'the login, with something that waits');
    // A colleague sits down: what waits is none of hers.
    await t.desk(world, 'd8').then((other) => other.context().close());
    await logIn(page, 'd8');
    await page.locator('.desk-row').waitFor();
    assert.equal(await page.locator('.held').count(), 0);
    await page.getByRole('button', { name: '退出' }).click();
    await page.locator('#code').waitFor();
    await logIn(page, 'd9');
    await page.locator('.desk-row').waitFor();
    await end();
    await logIn(page, 'd9');
    await bar(page).getByText('停下了').waitFor();
    await bar(page).getByRole('button', { name: '接着办' }).click();
    await until(() => statusOf(world, id) === 'accepted', 'gone on with');
    forgive(t, /401/);
  },

  'two at one case: who is second learns what the first did, and nothing is overwritten unseen': async (t) => {
    const { world, ids, page } = await desk(t, ['乙', '甲']);
    const other = await t.desk(world, 'd8');
    await row(other, '甲路').waitFor();
    // Both accept: one is done, the other is told why not.
    for (const one of [page, other]) {
      await row(one, '甲路').locator('.desk-link').focus();
      await one.keyboard.press('a');
      await bar(one).getByText('受理').waitFor();
    }
    await bar(page).getByRole('button', { name: '现在就办' }).click();
    await page.locator('.notice', { hasText: '已办：受理' }).waitFor();
    await bar(other).getByRole('button', { name: '现在就办' }).click();
    const report = bar(other).getByRole('alert');
    await report.waitFor();
    assert.match(await report.innerText(), /没有办成[^]*待核实/, 'where it is by now');
    await t.shot(other, 'held-second');
    await report.getByRole('button', { name: '知道了' }).click();
    forgive(t, /accept/);
    const [first] = ids.filter((id) => statusOf(world, id) === 'accepted');

    // A form is open; the colleague files it meanwhile.
    await row(page, '甲路').locator('.desk-link').focus();
    await page.keyboard.press('e');
    await page.locator('form.act-panel').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('form.act-panel').waitFor({ state: 'detached' });
    world.act('d8', first, 'file');
    await until(async () => /待派单/.test(await row(page, '甲路').innerText()), 'the row follows');
    await page.keyboard.press('d');
    await page.locator('form.act-panel').waitFor();
    world.act('d8', first, 'dispatch', `unit=${ENFORCEMENT}`);
    await page.locator('.act-panel', { hasText: '刚才有人办了' }).waitFor();
    await t.inThemes(page, 'somebody was first');
    await t.shot(page, 'held-overtaken');
    await page.keyboard.press('Enter');
    await until(() => page.evaluate(() => document.activeElement?.matches('.desk-row-at .desk-link')), 'the focus on the row again');

    // A field that she is changing is changed by another.
    await t.go(page, `#/case/${first}/set/address`);
    const box = page.locator('.act-panel').getByLabel('地址');
    await box.waitFor();
    await box.fill('甲路1号东侧');
    world.server(['set', world.data, first, 'address=甲路9号', '--as', 'd8', '--unsigned']);
    await page.locator('.act-panel', { hasText: '有人已把地址改成“甲路9号”' }).waitFor();
    assert.equal(await box.inputValue(), '甲路1号东侧', 'what she typed stays');
    await t.accessible(page, 'a field that was changed meanwhile');

    // No news come, so that she does not know: nothing is written over what she was not shown.
    await page.route('**/api/run', async (route) => {
      if (route.request().postDataJSON().run === 'show') await route.abort();
      else await route.fallback();
    });
    world.server(['set', world.data, first, 'address=甲路10号', '--as', 'd8', '--unsigned']);
    const save = page.locator('.act-panel').getByRole('button', { name: '保存' });
    await save.click();
    await page.locator('.act-panel').getByRole('alert').filter({ hasText: '刚被别人改过，没有写入' }).waitFor();
    forgive(t, /show|set/);
    assert.equal(addressOf(world, first), '甲路10号');
    await page.unroute('**/api/run');
    await save.click(); // refused again, and looked at anew
    await page.locator('.act-panel', { hasText: '有人已把地址改成“甲路10号”' }).waitFor();
    await save.click();
    await until(() => addressOf(world, first) === '甲路1号东侧', 'what she decided to write');
  },
};

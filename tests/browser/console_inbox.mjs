// The operators' inbox: by keyboard alone, several at once with undo, and news that wait to be shown.
import assert from 'node:assert/strict';
import { DISTRICT } from './office.mjs';
import { until } from './run.mjs';

/** A world with a worker's device that reported `count` things, and a dispatcher. */
export async function lived(t, count = 6) {
  const world = await t.world();
  const device = world.enrol('a', 'w1');
  for (let at = 0; at < count; at++)
    device.do(['incident', `category=${at % 2 ? 'env-trade' : 'env-garbage'}`, `address=书香苑${at + 1}号楼`, `description=第${at + 1}件`, `position=35.0${50 + at},118.3${50 + at}`, ...(at === 0 ? ['urgency=urgent'] : [])]);
  device.sync();
  return { world, device };
}

export const line = (page, text) => page.locator('.desk-row', { hasText: text });
const at = (page) => page.locator('.desk-row-at .desk-title').innerText();
const statusOf = (world, id) => world.serverAsk(['show', world.data, id])[0].status;

export const tests = {
  'a dispatcher goes down the list, accepts, files and dispatches by keys alone': async (t) => {
    const { world } = await lived(t);
    world.operator('d9', '陈静', 'dispatcher', DISTRICT);
    const page = await t.desk(world, 'd9');
    await until(async () => (await page.locator('.desk-row').count()) === 6, 'six rows');
    assert.match(await at(page), /6号楼/, 'the newest first, the cursor on it');
    await page.locator('.beside-case .case-head').waitFor();
    await t.shot(page, 'console-inbox');
    await page.keyboard.press('j');
    await until(async () => /5号楼/.test(await at(page)), 'the cursor on the next');
    await until(async () => /5号楼/.test(await page.locator('.beside-case h2').first().innerText()), 'the case beside follows');
    await page.keyboard.press('k');
    await until(async () => /6号楼/.test(await at(page)), 'the cursor on the first again');
    const id = await page.locator('.desk-row-at').getAttribute('data-id');

    // Accept waits five seconds, and is not done before.
    await page.keyboard.press('a');
    await page.getByText('等待办理').first().waitFor();
    assert.equal(statusOf(world, id), 'reported');
    await page.getByRole('button', { name: '现在就办' }).click();
    await until(() => statusOf(world, id) === 'accepted', 'accepted');
    await page.locator('h1').focus();
    await until(async () => /待核实/.test(await line(page, '6号楼').innerText()), 'the row says so');
    await page.keyboard.press('f');
    await page.getByRole('button', { name: '现在就办' }).click();
    await until(() => statusOf(world, id) === 'filed', 'filed');
    await until(async () => /待派单/.test(await line(page, '6号楼').innerText()), 'the row says so');

    // The usual dispatch is d, Enter.
    await page.locator('h1').focus();
    await page.keyboard.press('d');
    await page.locator('.act-panel').waitFor();
    await until(async () => (await page.evaluate(() => document.activeElement?.type)) === 'submit', 'the button has the focus');
    await t.shot(page, 'console-dispatch');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: '现在就办' }).click();
    await until(() => statusOf(world, id) === 'dispatched', 'dispatched');
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await t.shot(page, 'console-keys');
    await page.keyboard.press('Escape');
  },

  'several at once: selected by keys, taken back by Z, done together; what came meanwhile waits': async (t) => {
    const { world, device } = await lived(t);
    world.operator('d9', '陈静', 'dispatcher', DISTRICT);
    const page = await t.desk(world, 'd9');
    const rows = page.locator('.desk-row');
    await until(async () => (await rows.count()) === 6, 'six rows');
    const all = () => world.serverAsk(['list', world.data, 'incident']).filter((row) => row.status === 'accepted').length;
    await page.keyboard.press('x');
    await page.keyboard.press('J');
    await page.keyboard.press('J');
    assert.match(await page.locator('.bulk').innerText(), /已选 3 件/);
    await page.keyboard.press('a');
    await page.locator('.held', { hasText: '3 件' }).waitFor();
    await t.shot(page, 'console-bulk');
    await page.keyboard.press('z');
    await page.getByText('没有办').waitFor();
    await page.waitForTimeout(5500);
    assert.equal(all(), 0, 'what was taken back is not done');

    // Only those that are received; then they leave the list that shows only these.
    await page.getByText('待受理', { exact: false }).first().click();
    await until(() => page.url().includes('status=reported'), 'the filter in the address');
    await until(async () => (await rows.count()) === 6, 'six rows');
    await page.locator('h1').focus();
    await page.keyboard.press('x');
    await page.keyboard.press('J');
    await page.keyboard.press('a');
    await until(() => all() === 2, 'two are accepted');
    await until(async () => (await rows.count()) === 4, 'they left the list');

    // Somebody reports: it waits in a bar, and nothing moves.
    const before = await rows.first().getAttribute('data-id');
    device.do(['incident', 'category=env-flood', 'address=新来的', 'position=35.06,118.36']);
    device.sync();
    await page.locator('.desk-news .button', { hasText: '1 件新上报' }).waitFor();
    assert.equal(await rows.first().getAttribute('data-id'), before);
    assert.equal(await rows.count(), 4);
    await t.shot(page, 'console-news');
    await page.keyboard.press('.');
    await until(async () => /新来的/.test(await rows.first().innerText()), 'it is shown');
    // Another one does it: the row stays, and says so.
    const id = await rows.first().getAttribute('data-id');
    world.operator('d8', '李强', 'dispatcher', DISTRICT);
    world.server(['do', world.data, id, 'accept', '--as', 'd8', '--unsigned']);
    await line(page, '新来的').getByText('已不在此列').waitFor();
  },
};

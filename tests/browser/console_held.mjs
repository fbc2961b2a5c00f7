// What is done at the desk waits five seconds: taken back, sent at once, sent when she leaves, and
// the server dies meanwhile. Nothing is lost, and nothing is called done that is not.
import assert from 'node:assert/strict';
import { bar, staffed } from './office.mjs';
import { PASSWORD, until } from './run.mjs';

export const statusOf = (world, id) => world.serverAsk(['show', world.data, id])[0].status;
const count = (world, status) => world.serverAsk(['list', world.data, '--case', '--status', status, '--count'])[0].count;
const HELD_MS = 5000;

/** Two dispatchers, and a case for each name. */
export async function desk(t, names) {
  const world = await staffed(t, 'd9', 'd8');
  const ids = world.orders('d8', names.map((name) => `env-garbage,${name}路1号,垃圾`));
  const page = await t.desk(world, 'd9');
  await until(async () => (await page.locator('.desk-row').count()) >= Math.min(names.length, 8), 'the rows');
  return { world, ids, page };
}

export async function logIn(page, code) {
  await page.locator('#code').fill(code);
  await page.locator('#password').fill(PASSWORD);
  await page.locator('button[type=submit]').click();
  await page.locator('.menu').waitFor();
}

/** Faults that were meant. */
export const forgive = (t, pattern) => (t.faults = t.faults.filter((fault) => !pattern.test(fault)));

export const tests = {
  'taken back by Z and by the mouse; a key pressed twice does it once; another page lets it go on': async (t) => {
    const { world, ids, page } = await desk(t, ['乙', '甲']);
    await page.keyboard.press('a');
    await bar(page).getByText('受理').waitFor();
    // Readers of the screen hear of it once: what counts down is not in the live region.
    assert.equal(await bar(page).locator('.held-count').getAttribute('aria-hidden'), 'true');
    await page.keyboard.press('a');
    await page.getByText('正在等待办理；按 Z').first().waitFor();
    assert.equal(await page.locator('.held').count(), 1);
    await page.keyboard.press('z');
    await page.getByText('没有办').waitFor();
    await page.keyboard.press('z');
    await page.getByText('没有可以撤销的').waitFor();
    await page.keyboard.press('a');
    await bar(page).getByRole('button', { name: '撤销' }).click();
    await until(() => page.evaluate(() => document.activeElement?.matches('.desk-row-at .desk-link')), 'the focus on the row again');
    await page.waitForTimeout(HELD_MS + 500);
    assert.deepEqual(ids.map((id) => statusOf(world, id)), ['reported', 'reported']);

    // It waits wherever she goes in the console.
    await page.keyboard.press('a');
    for (const key of ['g', 'c']) await page.keyboard.press(key);
    await page.getByRole('heading', { name: '案件', exact: true }).waitFor();
    await bar(page).getByText('受理').waitFor();
    await t.inThemes(page, 'something waits');
    await page.locator('.notice', { hasText: '已办：受理' }).waitFor({ timeout: 20000 });
    await until(() => count(world, 'accepted') === 1, 'the board has it');
  },

  'leaving sends what waits: the tab closed, the page loaded anew, the login left': async (t) => {
    const { world, ids, page } = await desk(t, ['丙', '乙', '甲']);
    const [first, second, third] = ids.slice().reverse();
    const act = async (on, id) => {
      await on.locator(`.desk-row[data-id="${id}"] .desk-link`).focus();
      await on.keyboard.press('a');
      await bar(on).getByText('受理').waitFor();
    };
    page.on('dialog', (asked) => void asked.accept());
    await act(page, first);
    await page.reload();
    await page.locator('.menu').waitFor();
    await until(() => statusOf(world, first) === 'accepted', 'sent by loading anew');
    await act(page, second);
    await page.getByRole('button', { name: '退出' }).click();
    await page.locator('#code').waitFor();
    assert.equal(statusOf(world, second), 'accepted', 'sent before the login ends');
    assert.equal(await page.getByText('还没有办').count(), 0);
    await logIn(page, 'd9');
    await page.locator('.desk-row').first().waitFor();
    await act(page, third);
    await page.close({ runBeforeUnload: true });
    await until(() => statusOf(world, third) === 'accepted', 'sent by closing the tab');
    forgive(t, /^401/);
  },

  'the server is killed in the middle: what is done, what is not, what nobody knows; then it goes on': async (t) => {
    const names = Array.from({ length: 60 }, (_, at) => `第${at + 1}`);
    const { world, ids, page } = await desk(t, names);
    await page.keyboard.press('A');
    await page.locator('.bulk', { hasText: '已选 60 件' }).waitFor();
    await page.keyboard.press('r');
    await bar(page).getByRole('button', { name: '现在就办' }).click();
    await until(async () => Number((await bar(page).locator('.held-count').innerText().catch(() => '')).match(/(\d+)\/60/)?.[1] ?? 0) >= 3, 'some are done');
    await world.stop('SIGKILL');
    const report = bar(page).getByRole('alert');
    await report.waitFor();
    const [, said] = /办成 (\d+) 件/.exec(await report.innerText());
    await t.shot(page, 'held-killed');
    await t.accessible(page, 'the server is away');
    await world.start();
    const reminded = () => ids.map((id) => world.serverAsk(['history', world.data, id]).filter((one) => one.move === 'remind').length);
    const before = reminded().filter((n) => n > 0).length;
    assert.ok(before >= Number(said), 'nothing is called done that is not');
    assert.ok(before <= Number(said) + 1, 'nothing was sent after it');
    // Sessions end with the process: she logs in, and goes on.
    await page.locator('#code').waitFor();
    await page.getByText('还没有办').waitFor();
    await logIn(page, 'd9');
    await report.getByRole('button', { name: '接着办' }).click();
    await page.locator('.notice', { hasText: '已办：催办 60 件' }).waitFor({ timeout: 60000 });
    assert.deepEqual([...new Set(reminded())], [1], 'each once');

    // Killed right after “done”: it is.
    await page.locator('.desk-row .desk-link').first().focus();
    const id = await page.locator('.desk-row-at').getAttribute('data-id');
    await page.keyboard.press('a');
    await bar(page).getByRole('button', { name: '现在就办' }).click();
    await page.locator('.notice', { hasText: '已办：受理' }).waitFor();
    await world.stop('SIGKILL');
    await world.start();
    assert.equal(statusOf(world, id), 'accepted');
    forgive(t, /remind|401/);
  },

  'the answer is lost: asked for again by its key, it is done once, whatever others did meanwhile': async (t) => {
    const { world, ids, page } = await desk(t, ['丁', '丙', '乙', '甲']);
    const [first, second, third, fourth] = ids.slice().reverse();
    const made = (id, move, by = 'd9') => world.serverAsk(['history', world.data, id]).filter((one) => one.move === move && one.author === by).length;
    const accept = async (id) => {
      await page.locator(`.desk-row[data-id="${id}"] .desk-link`).focus();
      await page.keyboard.press('a');
      await bar(page).getByRole('button', { name: '现在就办' }).click();
    };
    const isAct = (request) => (request.postData() ?? '').includes('"accept"');
    const again = async () => {
      await world.start();
      await logIn(page, 'd9');
      await page.locator('.desk-row').first().waitFor();
    };
    const report = bar(page).getByRole('alert');

    // A line that was cut: it goes on by itself.
    let cut = 1;
    await page.route('**/api/run', async (route) => {
      if (!isAct(route.request()) || cut-- <= 0) return route.fallback();
      await route.fetch();
      return route.abort();
    });
    await accept(first);
    await page.locator('.notice', { hasText: '已办：受理' }).waitFor();
    assert.equal(made(first, 'accept'), 1);
    await page.unroute('**/api/run');

    // It lay there, the server was killed before it could say so, and a colleague went on with it.
    let killed;
    const dead = async (route, before) => {
      if (!isAct(route.request())) return route.fallback();
      if (!before) await route.fetch().catch(() => undefined);
      killed ??= world.stop('SIGKILL');
      await killed;
      return route.abort();
    };
    await page.route('**/api/run', (route) => dead(route, false));
    await accept(second);
    await report.waitFor();
    assert.match(await report.innerText(), /不知道办成没有/);
    await page.unroute('**/api/run');
    world.act('d8', second, 'file');
    await again();
    await report.getByRole('button', { name: '接着办 1 件' }).click();
    await page.locator('.notice', { hasText: '已办：受理' }).waitFor();
    assert.equal(made(second, 'accept'), 1);
    assert.equal(statusOf(world, second), 'filed');

    // It never came there, and a colleague did the same: what she did is not told as done by her.
    killed = undefined;
    await page.route('**/api/run', (route) => dead(route, true));
    await accept(third);
    await report.waitFor();
    await page.unroute('**/api/run');
    world.act('d8', third, 'accept');
    await again();
    await report.getByRole('button', { name: '接着办 1 件' }).click();
    await bar(page).getByText('没有办成').waitFor();
    assert.equal(made(third, 'accept'), 0);
    await report.getByRole('button', { name: '知道了' }).click();

    // The login is over when it is asked for again: it stays unknown, and is none of another's.
    killed = undefined;
    await page.route('**/api/run', (route) => dead(route, false));
    await accept(fourth);
    await report.waitFor();
    await page.unroute('**/api/run');
    await again();
    world.server(['operator', 'lock', world.data, 'd9', '--why', '离岗']);
    await page.locator('#code').waitFor();
    world.server(['operator', 'unlock', world.data, 'd9']);
    await logIn(page, 'd9');
    assert.match(await report.innerText(), /不知道办成没有/);
    await report.getByRole('button', { name: '接着办 1 件' }).click();
    await page.locator('.notice', { hasText: '已办：受理' }).waitFor();
    assert.equal(made(fourth, 'accept'), 1);
    forgive(t, /accept|401/);
  },

  'a form whose answer is lost: saved again, after a reload or in another tab too, it is one record': async (t) => {
    const { world, ids, page } = await desk(t, ['甲']);
    const [id] = ids;
    const notes = () => world.serverAsk(['history', world.data, id]).filter((one) => one.author === 'd9' && JSON.stringify(one).includes('现场看过')).length;
    const isNote = (request) => request.url().endsWith('/api/run') && /"run":"note"/.test(request.postData() ?? '');
    const open = async (on) => {
      await t.go(on, `#/case/${id}`);
      await on.locator('.move-bar').waitFor();
      await on.keyboard.press('n');
      await on.locator('.act-panel textarea').waitFor();
    };
    const save = (on) => on.locator('.act-panel .button-main').click();
    const saved = (on) => on.locator('.act-panel').waitFor({ state: 'detached' });
    let lost = true;
    await page.route('**/api/run', async (route) => {
      if (!isNote(route.request()) || !lost) return route.fallback();
      await route.fetch();
      return route.abort();
    });
    await open(page);
    await page.locator('.act-panel textarea').fill('现场看过');
    await save(page);
    await page.locator('.act-panel').getByText('服务器没有应答').waitFor();
    assert.equal(notes(), 1);
    lost = false;
    // A tab that is made of this one has what was typed here, too.
    const [other] = await Promise.all([page.context().waitForEvent('page'), page.evaluate(() => void window.open(location.href))]);
    await other.locator('.menu').waitFor();
    await open(other);
    await other.getByText('接着上次没办完的写').waitFor();
    await save(other);
    await saved(other);
    assert.equal(notes(), 1, 'it was recorded the first time');
    page.on('dialog', (asked) => void asked.accept());
    await page.reload();
    await page.locator('.menu').waitFor();
    await open(page);
    await page.getByText('接着上次没办完的写').waitFor();
    await save(page);
    await saved(page);
    assert.equal(notes(), 1, 'it was recorded the first time');
    // The same words anew are another note.
    await open(page);
    await page.locator('.act-panel textarea').fill('现场看过');
    await save(page);
    await until(() => notes() === 2, 'another note');
  },
};

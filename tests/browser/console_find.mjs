// Finding at the desk: each filter shows what the command lists, and stays over a reload and a step
// back; the keys do what their sheet says, wherever the focus is; long texts, on each screen.
import assert from 'node:assert/strict';
import { ENFORCEMENT, rows, staffed } from './office.mjs';
import { until } from './run.mjs';

const LONG = `${'长'.repeat(140)} ${'x'.repeat(120)}`;

const heading = (page, name) => page.getByRole('heading', { name, exact: true }).waitFor();
/** A case on a page of its own; beside the list it has the same head. */
const opened = async (page) => {
  await page.locator('.case-head').waitFor();
  await rows(page).first().waitFor({ state: 'detached' });
};
const here = (page) => page.evaluate(() => location.hash);

/** Cases that differ in each thing that is filtered by. */
async function sorted(t) {
  const world = await staffed(t, 'd9', 'd8');
  const device = world.enrol('a', 'w1');
  device.do(['incident', 'category=env-garbage', 'address=一路1号', 'urgency=urgent', 'position=35.05,118.35']);
  device.do(['incident', 'category=env-trade', `address=二路${LONG}`, `description=${LONG}`, 'urgency=priority', 'position=35.06,118.36']);
  device.sync();
  const ids = world.orders('d8', ['env-garbage,三路3号,垃圾', 'life-lift,四路4号,电梯', 'env-trade,五路5号,摊']);
  for (const move of ['accept', 'file']) world.act('d8', ids[0], move);
  world.act('d8', ids[0], 'dispatch', `unit=${ENFORCEMENT}`);
  world.act('d8', ids[1], 'escalate', 'level=district');
  return { world, device, ids };
}

export const tests = {
  'each filter shows what the command lists; it stays over a reload, a case and the step back': async (t) => {
    const { world } = await sorted(t);
    const page = await t.desk(world, 'd9');
    await until(async () => (await rows(page).count()) === 5, 'all five');
    // What is counted is said where it is, and where another number has nearly the same name.
    assert.match(await page.locator('.tab', { hasText: '已超期' }).getAttribute('title'), /任务和考评也算[^]*“现已超期”只算/);
    await t.go(page, '#/figures');
    assert.match(await page.getByRole('link', { name: '现已超期' }).getAttribute('title'), /收件里的“已超期”/);
    await page.getByRole('link', { name: '现已超期' }).click();
    await page.locator('.figure-large').waitFor();
    await page.getByText('收件里的“已超期”').waitFor();
    await t.go(page, '#/');
    await page.getByRole('button', { name: '更多' }).click();
    const [{ created }] = world.serverAsk(['list', world.data, '--case']);
    const day = new Date(Date.parse(created.wall ?? created) + 8 * 3600000).toISOString().slice(0, 10);
    const pick = (name, value) => () => page.getByLabel(name, { exact: true }).selectOption(value);
    const tab = (text) => () => page.locator('.tab', { hasText: text }).first().click();
    for (const [name, choose, flags] of [
      ['territory', pick('区域', '371302001001-j1'), ['--unit', '371302001001-j1']],
      ['category', pick('类别', 'env'), ['--category', 'env']],
      ['holder', pick('在谁手里', ENFORCEMENT), ['--holder', ENFORCEMENT]],
      ['urgency', pick('紧急程度', 'urgent'), ['--urgency', 'urgent']],
      ['level', pick('层级', 'district'), ['--level', 'district']],
      ['source', pick('来源', 'hotline'), ['--source', 'hotline']],
      ['status', tab('待接单'), ['--status', 'dispatched']],
      ['deadline', tab('时限内'), ['--light', 'green']],
      ['today', () => page.getByLabel('从', { exact: true }).fill(day).then(() => page.getByLabel('到', { exact: true }).fill(day)), ['--since', day, '--until', day]],
    ]) {
      await choose();
      const wanted = world.serverAsk(['list', world.data, '--case', '--open', ...flags]).map((row) => row.id).sort();
      assert.ok(wanted.length > 0, `${name}: there are some`);
      const shown = () => rows(page).evaluateAll((all) => all.map((one) => one.dataset.id).sort());
      await until(async () => JSON.stringify(await shown()) === JSON.stringify(wanted), `${name}: ${wanted.length} rows`);
      const at = await here(page);
      await page.reload();
      await until(async () => JSON.stringify(await shown()) === JSON.stringify(wanted), `${name}, loaded anew`);
      if (name === 'category' || name === 'status') {
        await page.locator('.desk-row .desk-link').first().focus();
        await page.keyboard.press('Enter');
        await until(async () => (await here(page)).startsWith('#/case/'), 'the case');
        await opened(page);
        await page.keyboard.press('Escape');
        await until(async () => JSON.stringify(await shown()) === JSON.stringify(wanted), `${name}, come back to`);
        assert.equal((await here(page)).replace(/&?at=\w+/, ''), at.replace(/&?at=\w+/, ''));
        await page.goForward();
        await opened(page);
        await page.goBack();
        await until(async () => JSON.stringify(await shown()) === JSON.stringify(wanted), `${name}, after forward and back`);
      }
      await page.getByRole('button', { name: '清除筛选' }).click();
      await until(async () => (await rows(page).count()) === 5, 'all five again');
      if ((await page.getByLabel('来源', { exact: true }).count()) === 0) await page.getByRole('button', { name: '更多' }).click();
    }
    // What is searched for is in no address; it stays for the step back.
    await page.locator('h1').focus();
    await page.keyboard.press('/');
    await page.keyboard.type('四路');
    await until(async () => (await rows(page).count()) === 1, 'found');
    await page.keyboard.press('Enter');
    assert.doesNotMatch(await page.evaluate(() => decodeURIComponent(location.href)), /四路/);
    await until(() => page.evaluate(() => document.activeElement?.matches('.desk-link')), 'the focus on what was found');
    await page.keyboard.press('Enter');
    await opened(page);
    await page.keyboard.press('Escape');
    await until(async () => (await page.locator('#search').inputValue()) === '四路' && (await rows(page).count()) === 1, 'still searched for');
  },

  'keys: to each page, down the list, into a form and out of it; none is heard while one types': async (t) => {
    const { world, device } = await sorted(t);
    const page = await t.desk(world, 'd9');
    await until(async () => (await rows(page).count()) === 5, 'the rows');
    for (const [key, name] of [['c', '案件'], ['n', '接报'], ['d', '待人决定'], ['s', '督办'], ['p', '巡查'], ['f', '数据'], ['o', '通知和任务'], ['i', '收件']]) {
      await page.locator('h1').first().focus();
      await page.keyboard.press('g');
      await page.keyboard.press(key);
      await heading(page, name);
    }
    await until(async () => (await rows(page).count()) === 5, 'the rows again');
    // From a main page Escape leads nowhere: she does not fall out of the console.
    await page.locator('h1').focus();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await heading(page, '收件');
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('都选中', { exact: true }).waitFor();
    await t.inThemes(page, 'the keys');
    await page.keyboard.press('j');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    // A note: what is typed is a note, and no key.
    const before = await page.locator('.desk-row-at').getAttribute('data-id');
    await page.locator('.beside-case .case-head').waitFor();
    await page.keyboard.press('n');
    await until(() => page.evaluate(() => document.activeElement?.matches('.act-panel textarea, .act-panel input')), 'the focus in the note');
    await page.keyboard.type('jav dx');
    assert.equal(await page.locator('.desk-row-at').getAttribute('data-id'), before);
    assert.equal(await page.locator('.held').count(), 0);
    await page.keyboard.press('Escape');
    await page.locator('.act-panel').waitFor({ state: 'detached' });
    await page.keyboard.press('x');
    await page.locator('.bulk').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.bulk').waitFor({ state: 'detached' });

    // Others report while she is in a form: nothing moves, and it is said.
    await page.keyboard.press('v');
    const panel = page.locator('form.act-panel');
    await panel.waitFor();
    await page.keyboard.type('查无此事');
    device.do(['incident', 'category=env-flood', 'address=新来的', 'position=35.06,118.36']);
    device.sync();
    await page.locator('.desk-news', { hasText: '1 件新上报' }).waitFor();
    assert.match(await panel.getByLabel('理由').inputValue(), /查无此事/);
    assert.equal(await rows(page).count(), 5);
    assert.ok(await page.evaluate(() => document.activeElement?.closest('.act-panel')), 'the focus stays in the form');
  },

  'long texts, a phone and a wide desk, in both languages: nothing is cut off, all is said': async (t) => {
    const { world } = await sorted(t);
    for (const [screen, lang, theme] of [
      ['small', 'zh', 'light'],
      ['desk', 'en', 'dark'],
    ]) {
      const page = await t.desk(world, 'd9', { screen, lang, theme });
      await rows(page).first().waitFor();
      await page.locator('h1').focus();
      await page.keyboard.press('A');
      await page.locator('.bulk').waitFor();
      await page.keyboard.press('s');
      const panel = page.locator('form.act-panel');
      await panel.waitFor();
      await panel.locator('textarea, input').first().fill(LONG);
      await t.settled(page);
      await t.shot(page, `find-${screen}-form`);
      await t.accessible(page, `${screen}: a form for five`);
      await t.fits(page, `${screen}: a form for five`, 24);
      await panel.locator('button[type=submit]').click();
      await page.locator('.held').waitFor();
      await t.shot(page, `find-${screen}-held`);
      await t.fits(page, `${screen}: it waits`, 24);
      await t.accessible(page, `${screen}: it waits`);
      await page.keyboard.press('z');
      await page.context().close();
    }
  },

  'a case that was opened by its address: back leads to the inbox, and never out of the console': async (t) => {
    const world = await staffed(t, 'd9', 'd8');
    const [id, next] = world.orders('d8', ['甲', '乙'].map((name) => `env-garbage,${name}路1号,垃圾`));
    const page = await t.desk(world, 'd9');
    // Another tab of hers, where something else was looked at before.
    const tab = await page.context().newPage();
    const direct = async () => {
      await tab.goto('about:blank');
      await tab.goto(`${world.console.url}/#/case/${id}`);
      await tab.locator('.move-bar').waitFor();
    };
    await direct();
    await tab.keyboard.press('Escape');
    await heading(tab, '收件');
    await until(async () => (await rows(tab).count()) === 2, 'the rows');
    // From there it is a step like any other.
    await t.go(tab, `#/case/${next}`);
    await tab.locator('.move-bar').waitFor();
    await tab.reload();
    await tab.locator('.move-bar').waitFor();
    await tab.keyboard.press('Escape');
    await heading(tab, '收件');
    // By the button; and from a case that was reached from the first, first to that one.
    await direct();
    await t.go(tab, `#/case/${next}`);
    await tab.locator('.move-bar').waitFor();
    await tab.getByRole('button', { name: '返回' }).click();
    await tab.waitForFunction((wanted) => location.hash === wanted, `#/case/${id}`);
    await tab.getByRole('button', { name: '返回' }).click();
    await heading(tab, '收件');
    assert.equal(new URL(tab.url()).origin, world.console.url);
  },

  'an address of something that is not there says so once': async (t) => {
    const world = await staffed(t, 'd9');
    const page = await t.desk(world, 'd9', { quiet: (text) => /xyz/.test(text) });
    const of = (path, ...queries) => queries.map((query) => `${path}?${query}`);
    for (const at of [
      '#/figures/xyz',
      ...of('#/figures', 'unit=xyz', 'from=xyz'),
      ...of('#/figures/closed', 'unit=xyz', 'by=xyz', 'from=xyz', 'key=xyz&by=xyz'),
      '#/case/xyz',
      '#/patrols/xyz',
      '#/attention/conflict/xyz',
      '#/print/order/xyz',
      '#/print/ledger?holder=xyz',
      '#/review?date=xyz',
      ...of('#/cases', 'holder=xyz', 'status=xyz', 'since=xyz'),
      ...of('#/', 'holder=xyz', 'status=xyz'),
    ]) {
      await t.go(page, at);
      const alerts = page.locator('main').getByRole('alert');
      await alerts.first().waitFor();
      await t.settled(page);
      assert.match(await alerts.first().innerText(), /xyz/, at);
      assert.equal(await alerts.count(), 1, at);
    }
    for (const at of ['#/xyz', '#/toString', '#/print/xyz']) {
      await t.go(page, at);
      assert.match(await page.locator('main').innerText(), /没有这/, at);
    }
  },
};

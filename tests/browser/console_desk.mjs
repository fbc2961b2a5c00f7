// The command centre's other pages: what waits for a decision, supervision, patrols, figures,
// notices, administration. Each in its states, by mouse and by keys, and for whom it is not.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { DISTRICT } from './office.mjs';
import { until } from './run.mjs';
import { Device } from './world.mjs';

const GRID = '371302001001-j1';

function settle(...devices) {
  for (let round = 0; round < 2; round++) for (const device of devices) device.sync();
}

/** A world with a dispatcher, a registrar, and two workers who were at odds about one case. */
async function centre(t) {
  const world = await t.world();
  world.operator('d1', '王调度', 'dispatcher', DISTRICT);
  world.operator('r1', '登记员', 'registrar', DISTRICT);
  const a = world.enrol('a', 'w1');
  const b = world.enrol('b', 'w2');
  return { world, a, b };
}

function atOdds(a, b) {
  const id = a.one(['incident', 'category=env-garbage', 'address=水车沟路1号', 'urgency=normal']).id;
  settle(a, b);
  a.do(['set', id, 'address=乙路1号']);
  b.do(['set', id, 'address=丙路2号东侧']);
  settle(a, b);
  return id;
}

/** Side by side: a column a version, its choice at the head. */
async function choose(page, text) {
  await page.locator('.versions tbody').waitFor();
  const says = await page.locator('.versions tbody tr').first().locator('td').allInnerTexts();
  await page.locator('.versions thead').getByRole('radio').nth(says.findIndex((one) => one.includes(text))).check();
}

async function decide(page, text, why) {
  await choose(page, text);
  await page.getByLabel('理由（必填）').fill(why);
  await page.getByRole('button', { name: '决定', exact: true }).click();
}

/** Where the board lags it is said once, whatever is on the screen, and goes by itself. */
async function lagging(t, page) {
  const lag = page.locator('.desk-lag');
  const lagsBy = { coverage: 2, list: 3, counts: 1 };
  const units = await page.locator('.table tbody tr').count();
  await page.route('**/api/run', async (route) => {
    const { run } = route.request().postDataJSON();
    const answer = await route.fetch();
    const body = await answer.text();
    await route.fulfill({ response: answer, body: body.replace(/"behind":0(?=\}\s*$)/, `"behind":${lagsBy[run] ?? 0}`) });
  });
  assert.equal(await lag.count(), 0);
  await t.go(page, '#/patrols');
  await t.go(page, '#/patrols?part=coverage');
  await lag.getByText('还有 2 件没算进来').waitFor();
  assert.equal(await page.locator('.table tbody tr').count(), units);
  await t.accessible(page, 'what lags');
  await t.go(page, '#/');
  await lag.getByText('还有 3 件没算进来').waitFor();
  assert.equal(await lag.count(), 1);
  assert.equal(await page.locator('.desk-row').count(), 1);
  await t.shot(page, 'console-lag');
  await page.unroute('**/api/run');
  await lag.waitFor({ state: 'detached' });
}

export const tests = {
  'a conflict waits in the queue; two decide it at once, and each is told what came of it': async (t) => {
    const { world, a, b } = await centre(t);
    world.operator('d2', '赵调度', 'dispatcher', DISTRICT);
    const id = atOdds(a, b);
    const one = await t.desk(world, 'd1', { at: '#/attention' });
    await one.locator('.matter').first().waitFor();
    assert.match(await one.locator('.matter').first().innerText(), /两种说法[^]*水车沟|垃圾/);
    await t.inThemes(one, 'the queue');
    await t.picture(one, 'console-attention-zh');
    await one.locator('.matter a').first().click();
    await one.locator('.versions tbody').waitFor();
    const two = await t.desk(world, 'd2', { at: `#/attention/conflict/${id}` });
    await two.locator('.versions tbody').waitFor();
    await t.accessible(two, 'versions at a desk');
    await Promise.all([decide(one, '乙路1号', '现场核对'), decide(two, '丙路2号东侧', '电话核实')]);
    // Each is told what came of it: decided, or that the other was first. Nothing is lost in silence.
    const told = (page) => page.locator('.decided, .trouble, .remark').first();
    for (const page of [one, two]) await told(page).waitFor();
    const decisions = world.serverAsk(['history', world.data, id]).filter((row) => row.labels?.includes('resolves'));
    const done = await Promise.all([one, two].map((page) => page.locator('.decided').count()));
    assert.ok(decisions.length >= 1);
    assert.equal(decisions.length, done[0] + done[1], 'who reads “decided” is in the history');
    assert.equal(world.serverAsk(['conflicts', world.data, id], { codes: [0, 5] }).length, 0, 'it is settled');
    t.faults = t.faults.filter((fault) => !/"run":"resolve"/.test(fault));
  },

  'figures: a number, its parts and its cases; the same as the command prints': async (t) => {
    const { world, a } = await centre(t);
    for (const place of ['东门', '西门', '南门']) a.do(['incident', 'category=env-garbage', `address=${place}`]);
    a.sync();
    const page = await t.desk(world, 'd1', { at: '#/figures' });
    await page.getByRole('rowheader', { name: '收到', exact: true }).waitFor();
    const said = world.serverAsk(['report', world.data, '--format', 'json'])[0].figures;
    for (const figure of said) {
      const row = page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: figure.zh, exact: true }) });
      const text = (await row.first().innerText()).replaceAll(',', '');
      assert.ok(text.includes(String(figure.numerator)), `${figure.name}: ${text}`);
      // Of nothing there is no rate.
      if (figure.denominator === 0) assert.match(text, /–/, figure.name);
    }
    assert.equal(said.find((one) => one.name === 'received').numerator, 3);
    await t.inThemes(page, 'figures');
    await t.picture(page, 'console-figures-zh');
    await page.getByRole('link', { name: '收到', exact: true }).click();
    await page.getByText('算进去的案件').waitFor();
    await until(async () => (await page.locator('.table').last().locator('tbody tr').count()) === 3, 'its three cases');
    await page.getByText('按来源').click();
    await t.settled(page);
    await t.accessible(page, 'a figure');
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '全部存为 CSV' }).click()]);
    assert.ok(fs.readFileSync(await file.path(), 'utf8').trim().split('\n').length >= 4, 'a heading and three cases');
  },

  'supervision, patrols, silent devices and coverage, on a desk and on a phone': async (t) => {
    const { world, a } = await centre(t);
    a.do(['incident', 'category=env-garbage', 'address=东门']);
    a.do(['visit', 'place=P00017', 'category=fire', 'result=normal']);
    a.sync();
    const page = await t.desk(world, 'd1', { at: '#/supervision' });
    await page.getByText('滞留在哪里').waitFor();
    await t.settled(page);
    await t.inThemes(page, 'supervision');
    await t.picture(page, 'console-supervision-zh');
    await page.getByRole('link', { name: '按环节' }).click();
    await t.settled(page);
    await t.go(page, '#/review');
    await page.getByRole('heading', { name: /每日研判 \d{4}-\d\d-\d\d 周[一二三四五六日]/ }).waitFor();
    await page.getByRole('heading', { name: /收到 1 件/ }).waitFor();
    await t.accessible(page, 'the day’s sheet');
    await t.go(page, '#/patrols');
    await page.getByText(/还没有收到巡查|次巡查/).first().waitFor();
    await t.go(page, '#/patrols?part=silent');
    // Units by name, devices without what all of a site share.
    assert.match(await page.getByRole('row', { name: /张伟/ }).innerText(), /^\d{4}\s+张伟\s+\D+1号基础网格/);
    await t.accessible(page, 'silent devices');
    await t.go(page, '#/patrols?part=coverage');
    await page.getByRole('columnheader', { name: '入户' }).waitFor();
    await t.accessible(page, 'coverage');
    await lagging(t, page);
    await page.context().close(); // the next login by a one-time key ends this one
    const phone = await t.desk(world, 'd1', { screen: 'small', lang: 'en', at: '#/supervision' });
    for (const at of ['#/supervision', '#/figures', '#/attention', '#/patrols', '#/notices']) {
      await t.go(phone, at);
      await t.fits(phone, at, 44);
      await t.accessible(phone, at);
    }
  },

  'a notice reaches the device; its receipt comes back': async (t) => {
    const { world, a } = await centre(t);
    const page = await t.desk(world, 'd1', { at: '#/notices' });
    await page.getByRole('link', { name: '发通知' }).click();
    await page.getByRole('button', { name: '发出' }).click();
    await page.locator('.problem').first().waitFor();
    await t.accessible(page, 'a notice that lacks its text');
    await page.getByLabel('标题').fill('防汛值守 <img src=x onerror=alert(1)>');
    await page.getByLabel('正文').fill('今晚有大雨，各网格巡查低洼处。');
    await page.getByRole('button', { name: '发出' }).click();
    await page.getByRole('rowheader', { name: /防汛值守/ }).waitFor();
    a.sync();
    const notice = a.ask(['list', 'notice'])[0];
    assert.match(notice.fields.title, /防汛值守 <img/);
    a.do(['read', notice.id]);
    a.sync();
    await until(async () => /1 人/.test(await page.locator('.table').innerText()), 'the receipt is shown by itself');
  },

  'administration: people, codes, operators, reference data, devices; nobody else sees it': async (t) => {
    const { world } = await centre(t);
    const page = await t.desk(world, 'r1', { at: '#/admin/people' });
    await page.getByLabel('工号').fill('w9');
    await page.getByLabel('姓名').fill('孙新');
    await page.getByLabel('角色').selectOption('worker');
    await page.getByLabel('单位编码').fill(GRID);
    await page.getByRole('button', { name: '登记', exact: true }).click();
    const row = page.getByRole('row', { name: /孙新/ });
    await row.waitFor();
    await t.inThemes(page, 'people');
    await t.picture(page, 'console-admin-zh');
    await row.getByRole('button', { name: '入网码' }).click();
    const sheet = page.getByRole('dialog');
    await sheet.locator('.admin-code').waitFor();
    await sheet.locator('.qr').waitFor();
    await t.accessible(page, 'a code to hand out');
    const code = await sheet.locator('.admin-code').innerText();
    await sheet.getByRole('button', { name: '好了' }).click();
    const device = new Device(world, 'nine');
    device.do(['enrol', code.trim()]);
    assert.equal(device.one(['status']).worker, 'w9');

    await t.go(page, '#/admin/devices');
    const own = page.getByRole('row', { name: /孙新/ });
    await own.getByRole('button', { name: '吊销' }).click();
    await page.getByRole('dialog').getByRole('button', { name: '吊销' }).click();
    await own.getByText('已吊销').waitFor();
    await t.accessible(page, 'devices');

    await t.go(page, '#/admin/reference');
    await page.getByLabel('什么资料').selectOption('catalogue import');
    const bad = path.join(world.folder, 'bad.csv');
    fs.writeFileSync(bad, 'code,parent,name,handle\nx,nobody,坏的一行,3d\n');
    await page.locator('#import-file').setInputFiles(bad);
    t.faults.length = 0;
    const before = world.serverAsk(['reference', 'list', world.data]).length;
    await page.getByRole('button', { name: '导入' }).click();
    const trouble = page.locator('.trouble');
    await trouble.waitFor();
    assert.match(await trouble.innerText(), /2|nobody/, 'the line is named');
    assert.equal(world.serverAsk(['reference', 'list', world.data]).length, before, 'nothing was imported');
    t.faults = t.faults.filter((fault) => !/catalogue import/.test(fault));
    await t.accessible(page, 'a file that was refused');

    await t.go(page, '#/admin/operators');
    await page.getByRole('row', { name: /王调度/ }).waitFor();
    await t.accessible(page, 'operators');
    for (const at of ['#/admin/registry', '#/admin/health', '#/me']) {
      await t.go(page, at);
      await t.accessible(page, at);
    }
    const desk = await t.desk(world, 'd1');
    assert.equal(await desk.locator('.menu a', { hasText: '管理' }).count(), 0);
    await t.go(desk, '#/admin/people');
    await desk.locator('.trouble').first().waitFor();
    t.faults = t.faults.filter((fault) => !/worker list/.test(fault));
  },
};

// The first page: what to do first, what is due, where each record is, and what is wrong with the
// device, said in words and never in the way.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { until } from './run.mjs';
import { BIN, Device, PHOTOS, end, environment } from './world.mjs';

const GRID = '371302001001-j1';
const PHOTO = path.join(PHOTOS, 'sample1.jpg');
const FAKETIME = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64']
  .map((folder) => `${folder}/faketime/libfaketime.so.1`)
  .find((file) => fs.existsSync(file));

/** The page's server from another folder of programs. */
async function uiOf(world, device, bin) {
  const child = spawn(path.join(bin, 'xunge-ui'), ['--home', device.home, '--json', '--no-browser'], {
    env: environment({ XDG_RUNTIME_DIR: world.folder }),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  world.children.push(child);
  const line = await new Promise((resolve, reject) => {
    readline.createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`xunge-ui ended with ${code}`)));
  });
  return { ...JSON.parse(line), child, end: () => end(child) };
}

const text = (page, what = 'main') => page.locator(what).innerText();

async function site(t) {
  const world = await t.world();
  const community = world.enrol('li', 'c1');
  community.do(['notice', 'title=防汛值守通知', 'text=今晚有大雨', `grid=${GRID}`]);
  community.do(['task', 'title=核对独居老人名单', 'due=2026-01-05T18:00', `grid=${GRID}`]);
  for (const [list, name] of [['person', '孙某某'], ['place', '东门液化气站'], ['matter', '拆迁信访']])
    community.do(['subject', `list=${list}`, `name=${name}`, 'every_days=7', `grid=${GRID}`]);
  community.sync();
  return { world, device: world.enrol('a', 'w1') };
}

export const tests = {
  'a first run says what to do first, and recording is one touch away': async (t) => {
    const device = (await t.world()).enrol('a', 'w1');
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small' });
    await page.getByText('第一次用？').waitFor();
    const button = page.getByRole('link', { name: '记一条' });
    const box = await button.boundingBox();
    assert.ok(box.height >= 64, `capture is ${box.height} px high`);
    assert.ok(box.y > 320 && box.y + box.height < 640, 'under the thumb, and all of it seen');
    await button.click();
    assert.match(await page.evaluate(() => location.hash), /^#\/new/);
    await page.goBack();
    await page.getByText('第一次用？').waitFor();
    await t.shot(page, 'home-first');
    await ui.end();
  },

  'what is due: the three lists, tasks, and a notice that is read by its button alone': async (t) => {
    const { device } = await site(t);
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small' });
    await page.locator('main').getByText('1 条通知未读').waitFor();
    await page.getByText('核对独居老人名单').waitFor();
    await t.picture(page, 'home');
    await t.go(page, '#/due');
    await page.getByText('东门液化气站').waitFor();
    const due = await text(page);
    for (const words of ['重点人员', '重点场所', '重点事项', '任务', '还没有走访过']) assert.match(due, new RegExp(words));
    await t.accessible(page, 'due');
    await t.go(page, '#/notices');
    await page.getByText('今晚有大雨').waitFor();
    const notice = device.ask(['list', 'notice'])[0];
    assert.deepEqual(notice.read_by, [], 'looking is no receipt');
    await page.getByRole('button', { name: '已阅' }).click();
    await page.getByText('已阅，回执待传').waitFor();
    assert.deepEqual(device.ask(['list', 'notice'])[0].read_by, ['w1']);
    device.sync();
    await page.getByText('已阅，回执已收到').waitFor();
    await ui.end();
  },

  'counts on the three axes lead to their lists': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    await world.stop();
    device.do(['incident', 'category=env-garbage', 'address=东门', '--photo', `${PHOTO}:near`]);
    device.do(['incident', 'category=env-trade', '--draft']);
    const ui = await device.ui();
    const page = await t.open(ui);
    for (const [name, at] of [['1草稿', 'state=draft'], ['1待传', 'state=waiting'], ['0已收到', 'state=received'], ['1照片仅在本机', 'sync/photos']]) {
      await page.locator('.tally', { hasText: name.slice(1) }).filter({ hasText: name[0] }).first().click();
      await until(() => page.evaluate((part) => location.hash.includes(part), at), at);
      // What is still asked when a page is left may be answered or not: all of it is heard.
      if (at === 'sync/photos') await page.locator('.thumb img').waitFor();
      await page.goBack();
      await page.locator('.tally').first().waitFor();
    }
    // Offline is no alarm: nothing on the page is red, and nothing says that something failed.
    assert.equal(await page.locator('.tally-bad, .trouble, .top-late').count(), 0);
    await ui.end();
  },

  'waiting turns red after days, not before': async (t) => {
    assert.ok(FAKETIME, 'libfaketime is needed (packaging/test.sh)');
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    await world.stop();
    device.do(['incident', 'category=env-garbage', 'address=东门'], { env: { LD_PRELOAD: FAKETIME, FAKETIME: '-2d' } });
    device.do(['settings', 'waiting_red_days=3']);
    const ui = await device.ui();
    const page = await t.open(ui);
    await page.locator('.tally-info', { hasText: '待传' }).waitFor();
    assert.equal(await page.locator('.top-late').count(), 0);
    await t.go(page, '#/settings');
    await page.getByRole('radio', { name: '1 天', exact: true }).check();
    await t.go(page, '#/');
    await page.locator('.tally-bad', { hasText: '待传' }).waitFor();
    await page.getByText('有记录等了 1 天以上').waitFor();
    await t.accessible(page, 'late');
    await ui.end();
  },

  'a clock in 1970 or 2099 is said in words, and recording goes on': async (t) => {
    assert.ok(FAKETIME, 'libfaketime is needed (packaging/test.sh)');
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    for (const [year, words] of [['1970-01-02 00:00:00', '本机日期不对'], ['2099-01-02 00:00:00', '本机时钟快了']]) {
      // The page's program lets no such variable through: `xunge` beside it is what sets the clock.
      const bin = path.join(world.folder, `bin-${year.slice(0, 4)}`);
      fs.mkdirSync(bin);
      fs.copyFileSync(path.join(BIN, 'xunge-ui'), path.join(bin, 'xunge-ui'));
      fs.writeFileSync(
        path.join(bin, 'xunge'),
        `#!/bin/sh\nLD_PRELOAD='${FAKETIME}' FAKETIME='@${year}' exec '${BIN}/xunge' "$@"\n`,
        { mode: 0o755 },
      );
      const ui = await uiOf(world, device, bin);
      const page = await t.open(ui);
      if (year.startsWith('2099')) {
        await t.go(page, '#/sync');
        await page.getByRole('button', { name: '现在同步' }).click();
        await page.getByRole('button', { name: '现在同步' }).waitFor();
        await t.go(page, '#/');
      }
      await page.getByText(words).first().waitFor();
      await page.getByText('照常记录').first().waitFor();
      assert.ok(await page.getByRole('link', { name: '记一条' }).isVisible());
      await t.shot(page, `home-clock-${year.slice(0, 4)}`);
      await page.context().close();
      await ui.end();
    }
  },

  'a device that is nearly full says what can be done': async (t) => {
    const world = await t.world();
    const device = new Device(world, 'full');
    fs.mkdirSync(device.home);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', device.home]);
    try {
      device.do(['enrol', world.code('w1')]);
      device.sync();
      const ui = await device.ui();
      const page = await t.open(ui);
      await page.getByText('本机空间快满了').waitFor();
      await page.getByRole('link', { name: '腾出空间' }).click();
      await page.getByRole('button', { name: '现在腾出空间' }).click();
      await page.getByText('现在没有可以腾出的照片').waitFor();
      await page.context().close();
      await ui.end();
    } finally {
      execFileSync('umount', ['-l', device.home]);
    }
  },

  'an alarm is loud, and stands in no one\'s way': async (t) => {
    const device = (await t.world()).enrol('a', 'w1');
    fs.mkdirSync(path.join(device.home, 'alarm'), { recursive: true });
    fs.writeFileSync(path.join(device.home, 'alarm/shown'), '');
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small' });
    await page.getByRole('alert').getByText('警报').waitFor();
    assert.ok(await page.getByRole('link', { name: '记一条' }).isVisible());
    await t.accessible(page, 'alarm');
    await t.shot(page, 'home-alarm');
    await ui.end();
  },
};

// The clock of the device jumps under an open page: a day ahead, to 1970, to 2099, and back. The
// page, its program and the commands see one clock, as on a device.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { until } from './run.mjs';
import { BIN, end, environment } from './world.mjs';

const FAKETIME = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64']
  .map((folder) => `${folder}/faketime/libfaketime.so.1`)
  .find((file) => fs.existsSync(file));
const DAY_S = 86400;

/** A page's program whose clock, and that of the commands which it runs, is set by `jump(seconds)`. */
async function clocked(world, device) {
  assert.ok(FAKETIME, 'libfaketime is needed (packaging/test.sh)');
  const bin = path.join(world.folder, 'bin');
  const offset = path.join(world.folder, 'offset');
  const jump = (seconds) => {
    fs.writeFileSync(`${offset}.new`, `${seconds < 0 ? '' : '+'}${seconds}`);
    fs.renameSync(`${offset}.new`, offset);
  };
  jump(0);
  const faked = {
    LD_PRELOAD: FAKETIME,
    FAKETIME_TIMESTAMP_FILE: offset,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  fs.mkdirSync(bin);
  fs.copyFileSync(path.join(BIN, 'xunge-ui'), path.join(bin, 'xunge-ui'));
  // The page's program lets no such variable through.
  const words = Object.entries(faked).map(([name, value]) => `${name}='${value}'`).join(' ');
  fs.writeFileSync(path.join(bin, 'xunge'), `#!/bin/sh\n${words} exec '${BIN}/xunge' "$@"\n`, { mode: 0o755 });
  const child = spawn(path.join(bin, 'xunge-ui'), ['--home', device.home, '--json', '--no-browser'], {
    env: environment({ XDG_RUNTIME_DIR: world.folder, ...faked }),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  world.children.push(child);
  const line = await new Promise((resolve, reject) => {
    readline.createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`xunge-ui ended with ${code}`)));
  });
  return { ui: { ...JSON.parse(line), child, end: () => end(child) }, jump, faked };
}

/** The browser's clock of a window, too: `date.ahead` in seconds. */
const shiftedDate = () => {
  const Real = Date;
  globalThis.ahead_s = 0;
  const now = () => Real.now() + globalThis.ahead_s * 1000;
  globalThis.Date = new Proxy(Real, {
    construct: (_, given) => (given.length ? new Real(...given) : new Real(now())),
    get: (_, name) => (name === 'now' ? now : Reflect.get(Real, name)),
  });
};

const JUMPS = [
  ['a day ahead', () => DAY_S],
  ['1970', () => DAY_S - Math.floor(Date.now() / 1000)],
  ['2099', () => Math.floor(Date.UTC(2099, 0, 2) / 1000) - Math.floor(Date.now() / 1000)],
  ['back', () => 0],
];

export const tests = {
  'the clock jumps under an open page: what is typed is kept, saved and received, in its order': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    device.do(['settings', 'sync_every=0']);
    const { ui, jump } = await clocked(world, device);
    const page = await t.open(ui, { screen: 'small' });
    await page.addInitScript(shiftedDate);
    await page.reload();
    await page.locator('h1').first().waitFor();
    const set = async (seconds) => {
      jump(seconds);
      await page.evaluate((by) => (globalThis.ahead_s = by), seconds);
    };
    for (const [name, offset] of JUMPS) {
      await t.go(page, '#/new/notice');
      await page.getByLabel('标题').fill(`前${name}`);
      await until(() => device.ask(['draft', 'list']).some((one) => one.texts.title === `前${name}`), 'the draft');
      await set(offset());
      await page.getByLabel('正文').fill('跳过以后写的');
      await until(() => device.ask(['draft', 'list']).some((one) => one.texts.text === '跳过以后写的'), `the draft after ${name}`);
      await page.locator('.save').click();
      await page.locator('.saved').waitFor();
      assert.ok(device.ask(['list', 'notice']).some((one) => one.fields.title === `前${name}`), name);
      assert.deepEqual(device.ask(['draft', 'list']), [], name);
      for (const at of ['#/', '#/cases', '#/due', '#/notices', '#/sync', '#/me']) {
        await t.go(page, at);
        await page.locator('h1').first().waitFor();
        assert.doesNotMatch(await page.locator('main').innerText(), /NaN|Invalid|undefined|-\d+ ?(分钟|小时|天)/, `${at} after ${name}`);
      }
      await t.go(page, '#/sync');
      await page.getByRole('button', { name: '现在同步' }).click();
      // It is set amid the sync, too: whatever it says, the button comes back.
      for (const [, other] of JUMPS) await set(other());
      await page.getByRole('button', { name: '现在同步' }).waitFor();
      await set(offset());
      await page.getByRole('button', { name: '现在同步' }).click();
      await page.getByRole('button', { name: '现在同步' }).waitFor();
      await until(() => device.ask(['list', 'notice']).every((one) => one.delivery === 'received'), `received after ${name}`);
      await t.go(page, '#/');
      const doubt = { 1970: '本机日期不对', 2099: '本机时钟快了' }[name];
      if (doubt) await page.getByText(doubt).first().waitFor();
      await t.shot(page, `clock-${name.replaceAll(' ', '-')}`);
    }
    // Each is in the log, whatever the clock said.
    const notices = device.ask(['list', 'notice']);
    assert.equal(notices.length, JUMPS.length);
    for (const { id } of notices) assert.match(device.one(['verify', id]).text, /verified/);
    await page.context().close();
    await ui.end();
  },

  'left alone it locks by what passed, not by a clock that jumps': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    device.do(['settings', 'sync_every=0', 'lock_after=1']);
    device.do(['passphrase', 'set'], { input: '三只小熊过河\n三只小熊过河\n' });
    const { ui, jump } = await clocked(world, device);
    const page = await t.open(ui, { screen: 'small' });
    await page.addInitScript(shiftedDate);
    await page.reload();
    await page.getByLabel(/口令/).first().fill('三只小熊过河');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '今天', exact: true }).waitFor();
    for (const [name, offset] of [JUMPS[1], JUMPS[0], JUMPS[3]]) {
      jump(offset());
      await page.evaluate((by) => (globalThis.ahead_s = by), offset());
      await page.waitForTimeout(2500);
      assert.equal(await page.locator('.idle-notice').count(), 0, `no alarm at ${name}`);
      await page.mouse.wheel(0, 10);
    }
    await page.context().close();
    await ui.end();
  },
};

// Joining, locking, and several workers on one device.
import assert from 'node:assert/strict';
import { until } from './run.mjs';
import { Device } from './world.mjs';

const PASSPHRASE = '老槐树 blue 37 坡道';

export const tests = {
  'an empty device joins by its code, and says what is wrong with one that is not': async (t) => {
    const world = await t.world();
    const device = new Device(world, 'new');
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small' });
    await page.getByRole('heading', { name: '加入指挥中心' }).waitFor();
    const field = page.getByLabel('入网码');
    await field.fill('hello');
    await page.getByText('入网码以 xg1 开头').waitFor();
    assert.ok(await page.getByRole('button', { name: '加入', exact: true }).isDisabled());
    await t.accessible(page, 'join');
    await t.fits(page, 'join');
    await t.picture(page, 'join');
    const code = world.code('w1');
    // As an e-mail breaks it and a keyboard in Chinese mode begins it.
    await field.fill(`入网码：${code.slice(0, 40)}\n  ${code.slice(40)}`);
    await page.getByText('样子对了').waitFor();
    await page.getByRole('button', { name: '加入', exact: true }).click();
    await page.getByRole('heading', { name: '今天', exact: true }).waitFor();
    assert.equal(device.one(['status']).worker, 'w1');
    await until(() => device.one(['status']).last_sync, 'the first sync');
    await page.context().close();
    await ui.end();
  },

  'locked: a wrong passphrase is said calmly, the right one opens every tab': async (t) => {
    const device = (await t.world()).enrol('a', 'w1');
    device.do(['passphrase', 'set'], { input: `${PASSPHRASE}\n` });
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small' });
    await page.getByRole('heading', { name: '已上锁' }).waitFor();
    await t.accessible(page, 'locked');
    await t.fits(page, 'locked');
    await t.picture(page, 'locked');
    const field = page.getByLabel('口令', { exact: true });
    await field.fill('错的');
    await page.getByText('里面有汉字或全角符号').waitFor();
    await page.getByRole('button', { name: '解锁' }).click();
    await page.getByRole('alert').waitFor();
    const second = await page.context().newPage();
    await second.goto(ui.url);
    await second.getByRole('heading', { name: '已上锁' }).waitFor();
    await field.fill(PASSPHRASE);
    await page.getByRole('button', { name: '解锁' }).click();
    await page.getByRole('heading', { name: '今天', exact: true }).waitFor();
    await second.getByRole('heading', { name: '今天', exact: true }).waitFor();
    await t.go(page, '#/me');
    await page.getByRole('button', { name: '现在上锁' }).click();
    await page.getByRole('heading', { name: '已上锁' }).waitFor();
    await second.getByRole('heading', { name: '已上锁' }).waitFor();
    // Nothing of the home is left in what the tab shows.
    assert.doesNotMatch(await second.locator('body').innerText(), /今天|w1/);
    await page.context().close();
    await ui.end();
  },

  'two workers change over by PIN, and each record bears the right name': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const other = world.enrol('b', 'w2');
    world.server(['device', 'allow', world.data, device.one(['status']).device, 'w2']);
    device.sync();
    device.do(['pin', 'set', '--as', 'w1', '--pin-fd', '0'], { input: '1111\n' });
    device.do(['pin', 'set', '--as', 'w2', '--pin-fd', '0'], { input: '2222\n' });
    device.do(['notice', 'title=甲', 'text=乙', 'grid=371302001001-j1', '--pin-fd', '0'], { input: '1111\n' });
    const notice = device.ask(['list', 'notice'])[0].id;
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small', at: '#/me' });
    await page.getByRole('button', { name: '换成我' }).click();
    await page.getByLabel(/输入 PIN/).fill('9999');
    await page.getByRole('button', { name: '确定' }).click();
    await page.getByRole('dialog').getByRole('alert').waitFor();
    await page.getByLabel(/输入 PIN/).fill('２２２２');
    await page.getByRole('button', { name: '确定' }).click();
    await page.locator('.top-who', { hasText: 'w2' }).waitFor();
    await t.accessible(page, 'workers');
    await t.go(page, '#/notices');
    await page.getByRole('button', { name: '已阅' }).click();
    await page.getByText('已阅，回执待传').waitFor();
    assert.deepEqual(device.one(['show', notice]).sets.read.map((read) => [read.value, read.author]), [['w2', 'w2']]);
    // What is handed over is the owner's, whoever records: it is their PIN that is asked for.
    await t.go(page, '#/me/handover');
    await page.getByLabel('交给谁').selectOption('w2');
    await page.getByRole('radio', { name: '对方设备的钥匙' }).check();
    await page.getByLabel('钥匙（对方').fill(other.one(['handover', 'key']).key);
    const file = page.waitForEvent('download');
    await page.getByRole('button', { name: '存成文件' }).click();
    await page.getByLabel(/输入 PIN/).fill('1111');
    await page.getByRole('button', { name: '确定' }).click();
    assert.equal((await file).suggestedFilename().endsWith('.xgh'), true);
    // It was refused once, for want of that PIN.
    t.faults = t.faults.filter((fault) => !/^423 .*"handover write"/.test(fault));
    await page.getByText(/交接文件已写好/).waitFor();
    assert.equal(device.one(['handover', 'status']).handovers.length, 1);
    await t.go(page, '#/me');
    await page.getByRole('button', { name: '换成我' }).click();
    await page.getByLabel(/输入 PIN/).fill('1111');
    await page.getByRole('button', { name: '确定' }).click();
    await page.locator('.top-who', { hasText: 'w1' }).waitFor();
    await t.go(page, '#/notices');
    await page.getByRole('button', { name: '已阅' }).click();
    await until(() => device.one(['show', notice]).sets.read.length === 2, 'the second receipt');
    assert.deepEqual(device.one(['show', notice]).sets.read.map((read) => read.author).sort(), ['w1', 'w2']);
    await page.context().close();
    await ui.end();
  },

  'verify says that all is well, and what is trusted; settings hold in both tabs': async (t) => {
    const device = (await t.world()).enrol('a', 'w1');
    device.do(['incident', 'category=env-garbage', 'address=东门']);
    const ui = await device.ui();
    const page = await t.open(ui, { at: '#/me/verify' });
    await page.getByRole('button', { name: '核验全部' }).click();
    await page.getByText('没有问题：全部核验通过').waitFor();
    await t.accessible(page, 'verify');
    const second = await page.context().newPage();
    await second.goto(ui.url);
    await t.go(page, '#/settings');
    // A setting is shown as chosen once it is kept.
    await page.getByRole('radio', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor();
    await second.getByRole('heading', { name: 'Today', exact: true }).waitFor();
    await page.getByRole('radio', { name: 'sunlight' }).click();
    await until(() => second.evaluate(() => document.documentElement.dataset.theme === 'sunlight'), 'the theme');
    const colours = page.getByRole('group', { name: 'Light and colours' });
    await colours.getByRole('radio', { name: 'as the system' }).click();
    for (const colorScheme of ['dark', 'light', 'dark']) {
      for (const tab of [page, second]) {
        await tab.emulateMedia({ colorScheme });
        await until(async () => (await t.themeOf(tab)) === colorScheme, `the system's ${colorScheme}`);
      }
    }
    await colours.getByRole('radio', { name: 'light', exact: true }).click();
    await until(async () => (await t.themeOf(second)) === 'light', 'light, whatever the system has');
    await page.context().close();
    await ui.end();
  },
};

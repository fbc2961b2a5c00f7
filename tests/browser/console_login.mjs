// The way in to the console: a one-time key and the password that is chosen with it, a wrong one,
// the second factor, leaving; and that nothing of a case is left behind.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { bar, DISTRICT, done, selectAll, staffed } from './office.mjs';
import { PASSWORD, until } from './run.mjs';
import { BIN } from './world.mjs';

/** RFC 6238, as an authenticator on a phone counts. */
function totp(secret, at = Date.now()) {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let bits = '';
  for (const letter of secret.replace(/[\s=]/g, '')) bits += digits.indexOf(letter).toString(2).padStart(5, '0');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
  const hash = createHmac('sha1', key).update(count).digest();
  const from = hash[19] & 15;
  return String((hash.readUInt32BE(from) & 0x7fffffff) % 1000000).padStart(6, '0');
}

const refusals = (text) => /401 \/api\/login|403 \/api\/login|401 \/api\/totp/.test(text);

async function logIn(page, code, password) {
  await page.locator('#code').fill(code);
  await page.locator('#password').fill(password);
  await page.locator('button[type=submit]').click();
}

const out = async (page) => {
  await page.getByRole('button', { name: '退出' }).click();
  await page.locator('#code').waitFor();
};

export const tests = {
  'a key is good once; a wrong password is told from none; leaving leaves nothing': async (t) => {
    const world = await t.world();
    const once = world.operator('d9', '陈静', 'dispatcher', DISTRICT);
    const device = world.enrol('a', 'w1');
    device.do(['incident', 'category=env-garbage', 'address=书香苑3号楼']);
    device.sync();
    const page = await t.desk(world, 'd9', { once, quiet: refusals });
    await page.locator('.desk-row').waitFor();
    assert.doesNotMatch(page.url(), /once/, 'the key is not in the address');
    await out(page);
    assert.equal(await page.getByText('书香苑').count(), 0);
    await t.accessible(page, 'login');
    await t.shot(page, 'console-login');
    await logIn(page, 'd9', 'something else');
    await page.getByRole('alert').waitFor();
    assert.equal(await page.locator('.menu').count(), 0);
    await logIn(page, 'nobody', PASSWORD);
    await page.getByRole('alert').waitFor();
    await logIn(page, 'd9', PASSWORD);
    await page.locator('.desk-row').waitFor();
    // The same key again, in another window.
    const stranger = await page.context().browser().newContext({ ignoreHTTPSErrors: true, locale: 'zh-CN' });
    const other = await stranger.newPage();
    t.watch(other, world.console, refusals);
    await other.goto(`${world.console.url}/#once=${once}`);
    for (const nth of [0, 1]) await other.locator('input[type=password]').nth(nth).fill('another password');
    await other.locator('button[type=submit]').click();
    await other.getByRole('alert').waitFor();
    await stranger.close();
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    assert.doesNotMatch(kept, /书香苑|correct horse/, 'nothing of the cases is kept in the browser');
    await page.reload();
    await page.locator('.desk-row').waitFor();
  },

  'the second factor is set up by its code, asked for, and wanted right': async (t) => {
    const world = await staffed(t, 'd9');
    const page = await t.desk(world, 'd9', { at: '#/me', quiet: refusals });
    await page.locator('#totp-password').fill(PASSWORD);
    await page.getByRole('button', { name: '开始' }).click();
    const secret = await page.locator('code').innerText();
    await t.shot(page, 'console-totp');
    await page.locator('#totp-code').fill(totp(secret));
    await page.getByRole('button', { name: '开启' }).click();
    await page.getByText('已开启').waitFor();
    await out(page);
    await logIn(page, 'd9', PASSWORD);
    await page.locator('#totp').waitFor();
    await page.locator('#totp').fill(totp(secret) === '000000' ? '111111' : '000000');
    await page.locator('button[type=submit]').click();
    await page.getByRole('alert').waitFor();
    assert.equal(await page.locator('.menu').count(), 0);
    // A code is good once: the next one is told.
    await page.locator('#totp').fill(totp(secret, Date.now() + 30000));
    await page.locator('button[type=submit]').click();
    await page.locator('.menu').waitFor();
    await until(async () => (await page.locator('h1').count()) > 0, 'inside');
  },

  'a page of the program that was there before is loaded anew; not while something waits in it': async (t) => {
    const world = await staffed(t, 'd9', 'd8');
    world.orders('d8', ['甲', '乙'].map((name) => `env-garbage,${name}路1号,垃圾`));
    const page = await t.desk(world, 'd9', { quiet: (text) => /401|remind/.test(text) });
    const other = await t.desk(world, 'd8', { quiet: (text) => /401/.test(text) });
    await page.locator('.desk-row .desk-link').first().waitFor();
    await page.locator('h1').focus();
    const document = (of) => of.evaluate(() => performance.timeOrigin);
    const [before, others_before] = [await document(page), await document(other)];

    // The same page by another name, as a newer program has it.
    const newer = path.join(world.folder, 'newer');
    fs.cpSync(path.join(BIN, '../page/console'), newer, { recursive: true });
    const index = fs.readFileSync(path.join(newer, 'index.html'), 'utf8');
    const [script] = /index-[\w-]+\.js/.exec(index);
    fs.writeFileSync(path.join(newer, 'assets/index-newer.js'), `import './${script}';\n`);
    fs.writeFileSync(path.join(newer, 'index.html'), index.replace(script, 'index-newer.js'));
    await selectAll(page, 2);
    await page.keyboard.press('r');
    await bar(page).getByText('催办 2 件').waitFor();
    await world.stop('SIGKILL');
    await bar(page).getByRole('button', { name: '现在就办' }).click();
    await bar(page).getByRole('alert').waitFor();
    process.env.XUNGE_CONSOLE_PAGE = newer;
    await world.start();
    delete process.env.XUNGE_CONSOLE_PAGE;

    await other.getByText('程序已更新，请重新登录').waitFor();
    assert.notEqual(await document(other), others_before);
    await logIn(other, 'd8', PASSWORD);
    await other.locator('.menu').waitFor();
    assert.equal(await other.getByRole('button', { name: '程序已更新' }).count(), 0);

    await page.getByText('还没有办').waitFor();
    await logIn(page, 'd9', PASSWORD);
    await bar(page).getByRole('button', { name: '接着办' }).click();
    await done(page, '催办 2 件');
    assert.equal(await document(page), before, 'what waited was here');
    await t.accessible(page, 'there is a newer page');
    await page.getByRole('button', { name: '程序已更新' }).click();
    await until(async () => (await document(page).catch(() => before)) !== before, 'loaded anew');
    await page.locator('.menu').waitFor();
    assert.equal(await page.getByRole('button', { name: '程序已更新' }).count(), 0);
  },
};

// Whole flows as a worker goes through them on the page: the stick, joining by files, bytes that
// cost, a handover, maps, PINs and passphrases, later acts, a server that dies, hostile texts, and
// a clock that jumps under an open page.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { until } from './run.mjs';
import { bigPhoto, slowLine } from './sync.mjs';
import { BIN, Device, end, environment, PHOTOS, SOURCE } from './world.mjs';

const GRID = '371302001001-j1';
const PHOTO = path.join(PHOTOS, 'sample1.jpg');
const FAKETIME = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64']
  .map((folder) => `${folder}/faketime/libfaketime.so.1`)
  .find((file) => fs.existsSync(file));
const FAST = 5;
const button = (page, name) => page.getByRole('button', { name, exact: true });
const sync_button = (page) => page.getByRole('button', { name: '现在同步' });
const incident = ['incident', 'category=env-garbage', 'address=东门', 'position=35.05,118.34'];

function firstLine(child) {
  return new Promise((resolve, reject) => {
    readline.createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
  });
}

/** A stick that is plugged in for one page's program alone: a mount namespace of its own. */
async function stickAndPage(world, device) {
  const holder = spawn(
    'unshare',
    ['-m', 'sh', '-ec', 'mount -t tmpfs none /media; mkdir /media/KEY; mount -t tmpfs -o size=64m none /media/KEY; echo in; exec sleep 600'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  world.children.push(holder);
  await firstLine(holder);
  const inside = ['-t', String(holder.pid), '-m', '--'];
  const child = spawn('nsenter', [...inside, path.join(BIN, 'xunge'), '--home', device.home, '--json', 'ui', '--no-browser'], {
    env: environment({ XDG_RUNTIME_DIR: world.folder }),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  world.children.push(child);
  const ui = { ...JSON.parse(await firstLine(child)), end: () => end(child) };
  return {
    ui,
    folder: `/proc/${holder.pid}/root/media/KEY`,
    pull: () => execFileSync('nsenter', [...inside, 'umount', '/media/KEY']),
  };
}

/** What a button makes the browser save. */
async function downloaded(page, world, name, press) {
  const coming = page.waitForEvent('download');
  await press();
  const file = path.join(world.folder, name);
  await (await coming).saveAs(file);
  return file;
}

export const tests = {
  'a stick: written here, read there, its answer found on it and read': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    await world.stop();
    device.do(['settings', 'sync_every=0']);
    const id = device.one([...incident, '--photo', `${PHOTO}:near`]).id;
    const stick = await stickAndPage(world, device);
    const page = await t.open(stick.ui, { screen: 'small', at: '#/sync' });
    await page.getByRole('button', { name: /写到U盘 KEY/ }).click();
    await page.getByText(/已写好：\d+ 条记录、1 张照片.*可以拔下U盘/).waitFor();
    const written = fs.readdirSync(stick.folder).filter((name) => name.endsWith('.xgb'));
    assert.equal(written.length, 1, 'one file, and nothing half written');
    assert.doesNotMatch(fs.readFileSync(path.join(stick.folder, written[0])).toString('latin1'), /env-garbage/, 'sealed');
    await t.accessible(page, 'stick');
    await t.fits(page, 'stick');
    await t.shot(page, 'flows-stick');
    assert.notEqual(device.one(['show', id]).delivery, 'received', 'written is not received');
    world.server(['bundle', 'read', world.data, path.join(stick.folder, written[0]), '--reply', path.join(stick.folder, 'back.xgb')]);
    await page.getByRole('button', { name: '读 KEY 上的 back.xgb' }).click();
    await page.getByText(/已读回应：中心已收到 \d+ 条、照片文件 2 份/).waitFor();
    await page.getByText('没有，都已收到').waitFor();
    await t.go(page, `#/case/${id}`);
    await page.locator('main').getByText('已收到').first().waitFor();
    assert.equal(device.one(['show', id]).delivery, 'received');
    // Pulled out while the page is open: it is gone from the list, and nothing is wrong.
    await t.go(page, '#/sync');
    stick.pull();
    await page.getByText('插上U盘').waitFor();
    await page.context().close();
    await stick.ui.end();
  },

  'joining by files: a request goes out, the answer comes in, and one may record meanwhile': async (t) => {
    const world = await t.world();
    const code = world.code('w1');
    await world.stop();
    const device = new Device(world, 'new');
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small' });
    await page.getByLabel('入网码').fill(code);
    const request = await downloaded(page, world, 'request.xgb', () => button(page, '存申请文件').click());
    await page.getByText('现在就可以先记录').waitFor();
    await t.shot(page, 'flows-join-file');
    await t.accessible(page, 'join by file');
    const answer = path.join(world.folder, 'answer.xgb');
    world.server(['bundle', 'read', world.data, request, '--reply', answer]);
    // A file that is none says so, and the right one still goes.
    await page.locator('.choose input').setInputFiles(path.join(SOURCE, 'README.md'));
    await page.getByRole('alert').waitFor();
    await page.locator('.choose input').setInputFiles(answer);
    await page.getByRole('heading', { name: '今天', exact: true }).waitFor();
    assert.equal(device.one(['status']).worker, 'w1');
    await t.go(page, '#/new/incident');
    await page.locator('.tiles .tile').first().waitFor();
    await page.context().close();
    await ui.end();
    t.faults = t.faults.filter((fault) => !/^4\d\d /.test(fault) && !/"exit":[1-7]/.test(fault));
  },

  'bytes cost: photos wait and say so, go when told to, and make room once backed up': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    device.do(['settings', 'sync_every=0']);
    const photo = path.join(world.folder, 'big.jpg');
    bigPhoto(photo, PHOTO, 600000);
    device.do([...incident, '--photo', `${photo}:near`]);
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small', at: '#/sync' });
    await page.getByText('网络流量要不要钱').first().click();
    await page.getByRole('radio', { name: /流量要花钱/ }).check();
    await sync_button(page).click();
    await page.getByText('1 张照片等 Wi-Fi').waitFor();
    assert.equal(device.one(['status']).photos.only_here, 1);
    assert.equal(device.one(['status']).records.received, 1, 'the record itself went');
    await t.accessible(page, 'metered');
    await t.shot(page, 'flows-metered');
    await button(page, '现在就传照片').click();
    await page.getByText('中心已收到照片 1 张').waitFor();
    assert.equal(device.one(['status']).photos.only_here, 0);
    await t.go(page, '#/sync/photos');
    await button(page, '现在腾出空间').click();
    await page.getByText(/留下 1 张（.*）：中心还没有备份/).waitFor();
    world.server(['backup', world.data, path.join(world.folder, 'backup.tar')]);
    device.sync();
    await button(page, '现在腾出空间').click();
    await page.getByText(/腾出 .*：1 张。/).waitFor();
    await t.shot(page, 'flows-freed');
    assert.equal(device.ask(['photos', 'list', '--here']).length, 0);
    await page.context().close();
    await ui.end();
  },

  'a server that is killed amid a photo: calm, goes on from there, nothing lost': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    device.do(['settings', 'sync_every=0']);
    const photo = path.join(world.folder, 'big.jpg');
    bigPhoto(photo, PHOTO, 1500000);
    const sha256 = createHash('sha256').update(fs.readFileSync(photo)).digest('hex');
    const close = await slowLine(world, 400000);
    const id = device.one([...incident, '--photo', `${photo}:near`]).id;
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small', at: '#/sync' });
    await sync_button(page).click();
    await until(() => page.locator('progress').first().evaluate((bar) => bar.value > 0.15).catch(() => false), 'a part of it', 30000);
    await world.stop('SIGKILL');
    await page.getByText(/网络断了，在等它回来|现在连不上中心/).waitFor({ timeout: 60000 });
    assert.equal(await page.locator('.trouble').count(), 0, 'nothing on the page is red');
    await t.accessible(page, 'server gone');
    await t.shot(page, 'flows-server-gone');
    await world.start();
    await until(async () => {
      if (device.one(['status']).photos.only_here === 0) return true;
      if (await sync_button(page).isEnabled().catch(() => false)) await sync_button(page).click();
      return false;
    }, 'the photo at the centre', 60000);
    await page.getByText('没有，都已收到').waitFor();
    const there = path.join(world.folder, 'there.jpg');
    world.server(['photo', 'get', world.data, sha256, there]);
    assert.ok(fs.readFileSync(there).equals(fs.readFileSync(photo)), 'the same bytes');
    assert.equal(device.one(['show', id]).delivery, 'received');
    close();
    await page.context().close();
    await ui.end();
  },

  'a handover: written for a key, accepted on the other page, finished with the answer': async (t) => {
    const world = await t.world();
    const [old, fresh] = [world.enrol('a', 'w1'), world.enrol('b', 'w2')];
    await world.stop();
    for (const device of [old, fresh]) device.do(['settings', 'sync_every=0']);
    old.do([...incident, '--photo', `${PHOTO}:near`]);
    old.do(['subject', 'list=person', 'name=孙某某', 'every_days=7', `grid=${GRID}`]);
    old.do(['draft', 'write', 'notice', 'title=半张草稿']);
    const counts = '未结案件 1 · 重点对象 1 · 草稿 1 · 照片 1';
    const [from, to] = [await stickAndPage(world, old), await stickAndPage(world, fresh)];
    const second = await t.open(to.ui, { screen: 'small', at: '#/me/handover' });
    await second.getByText('我这台设备的钥匙').click();
    const key = await second.locator('details code').innerText();
    const first = await t.open(from.ui, { screen: 'small', at: '#/me/handover' });
    await first.getByLabel('交给谁').selectOption('w2');
    await first.getByRole('radio', { name: '对方设备的钥匙' }).check();
    await first.getByLabel('钥匙（对方').fill('这不是钥匙');
    await first.getByRole('button', { name: /写到U盘 KEY/ }).click();
    await first.getByRole('alert').waitFor();
    assert.deepEqual(fs.readdirSync(from.folder), [], 'a wrong key leaves nothing on the stick');
    await first.getByLabel('钥匙（对方').fill(`  ${key} `);
    await first.getByRole('button', { name: /写到U盘 KEY/ }).click();
    await first.getByText(/交接文件已写好/).waitFor();
    await first.getByText('可以拔下U盘了').waitFor();
    await first.getByRole('status').getByText(counts).waitFor();
    await t.accessible(first, 'handover written');
    await t.fits(first, 'handover written');
    await t.shot(first, 'flows-handover-written');

    // The stick is carried over; the answer goes back on it.
    const [file] = fs.readdirSync(from.folder);
    fs.copyFileSync(path.join(from.folder, file), path.join(to.folder, file));
    await second.getByRole('button', { name: `读 KEY 上的 ${file}` }).click();
    await second.getByText(/已签收 (张伟|w1) 的交接/).waitFor();
    await second.getByRole('status').getByText(counts).waitFor();
    await t.shot(second, 'flows-handover-accepted');
    await t.accessible(second, 'handover accepted');
    const answer = fs.readdirSync(to.folder).find((name) => name.endsWith('.xga'));
    assert.ok(answer, 'the answer is on the stick');
    assert.equal(fresh.ask(['list', 'subject']).length, 1);
    assert.equal(fresh.ask(['draft', 'list'])[0].texts.title, '半张草稿');
    fs.copyFileSync(path.join(to.folder, answer), path.join(from.folder, answer));
    await first.getByRole('button', { name: `读 KEY 上的 ${answer}` }).click();
    await first.getByText(/(王芳|w2) 已签收/).waitFor();
    await first.getByText('对方已签收').waitFor();
    assert.equal(old.one(['handover', 'status']).handovers[0].stage, 'answered');
    await t.shot(first, 'flows-handover-finished');
    await from.ui.end();
    await to.ui.end();
    t.faults = t.faults.filter((fault) => !fault.includes('这不是钥匙'));
  },

  'an offline map: added by its file, drawn under the cases, and gone again': async (t) => {
    const device = (await t.world()).enrol('a', 'w1');
    device.do(['settings', 'sync_every=0']);
    device.do([...incident]);
    const map = path.join(t.worlds[0].folder, '兰山.mbtiles');
    execFileSync('python3', [path.join(SOURCE, 'tests/browser/mbtiles.py'), map, '35.05', '118.34', '10', '15']);
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small', at: '#/settings' });
    await page.locator('.choose input').setInputFiles(map);
    await t.shot(page, 'flows-map-form');
    await t.fits(page, 'adding a map');
    const name = await page.getByLabel('名称').inputValue();
    assert.match(name, /^\w/, 'a name in Chinese gives one that can be said');
    await button(page, '装入').click();
    await page.getByText('已装好').waitFor();
    assert.deepEqual(device.ask(['maps']).map((one) => one.name), [name]);
    await t.accessible(page, 'with a map');
    const tiles = [];
    page.on('response', (response) => response.url().includes('/tiles/') && tiles.push(response.status()));
    await t.go(page, '#/cases?view=map');
    await until(() => tiles.includes(200), 'a tile of the map');
    await page.locator('.map-tiles[data-waits="0"]').waitFor();
    await t.shot(page, 'flows-map-shown');
    await t.go(page, '#/settings');
    await page.getByRole('button', { name: `删去地图 ${name}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: '删去' }).click();
    await page.getByText('还没有地图').waitFor();
    assert.deepEqual(device.ask(['maps']), []);
    // What is no map is refused, and nothing stays behind.
    await page.locator('.choose input').setInputFiles(PHOTO);
    await button(page, '装入').click();
    await page.getByRole('alert').waitFor();
    assert.deepEqual(device.ask(['maps']), []);
    await page.context().close();
    await ui.end();
    t.faults = t.faults.filter((fault) => !fault.includes('"maps add"'));
  },

  'a PIN and a passphrase are typed, mistyped and changed on the page': async (t) => {
    const device = (await t.world()).enrol('a', 'w1');
    device.do(['settings', 'sync_every=0']);
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small', at: '#/me/secrets' });
    const pin = page.locator('section', { hasText: 'PIN：' }).first();
    await pin.getByLabel('新 PIN').fill('１２３４');
    await pin.getByLabel('再输一遍').fill('12３5');
    await pin.getByText('两次不一样').waitFor();
    assert.ok(await button(pin, '设 PIN').isDisabled());
    await pin.getByLabel('再输一遍').fill('1234');
    await t.accessible(page, 'secrets');
    await t.fits(page, 'secrets');
    await button(pin, '设 PIN').click();
    await page.getByText('PIN 已保存').waitFor();
    await pin.getByLabel('现在的 PIN').fill('9999');
    await pin.getByLabel('新 PIN').fill('5678');
    await pin.getByLabel('再输一遍').fill('5678');
    await button(pin, '改 PIN').click();
    await pin.getByRole('alert').waitFor();
    await t.shot(page, 'flows-pin-wrong');
    await pin.getByLabel('现在的 PIN').fill('１２３４');
    await button(pin, '改 PIN').click();
    await until(async () => (await pin.getByLabel('现在的 PIN').inputValue()) === '', 'the new PIN');
    assert.equal(device.try(['pin', 'unlock', '--as', 'w1', '--pin-fd', '0'], { input: '1234\n' }).code, 1);
    device.do(['pin', 'unlock', '--as', 'w1', '--pin-fd', '0'], { input: '5678\n' });

    const words = page.locator('section', { hasText: '口令：' }).last();
    await words.getByLabel('新口令').fill('old tree 37');
    await words.getByLabel('再输一遍').fill('old tree 37');
    await button(words, '设口令').click();
    await page.getByText('口令已保存').waitFor();
    assert.equal(device.one(['status']).vault, 'passphrase');
    await words.getByLabel('现在的口令').fill('wrong');
    await words.getByLabel('新口令').fill('new tree 38');
    await words.getByLabel('再输一遍').fill('new tree 38');
    await button(words, '改口令').click();
    await words.getByRole('alert').waitFor();
    await words.getByLabel('现在的口令').fill('old tree 37');
    await button(words, '改口令').click();
    await until(async () => (await words.getByLabel('现在的口令').inputValue()) === '', 'the new passphrase');
    await t.go(page, '#/me');
    await button(page, '现在上锁').click();
    await page.getByRole('heading', { name: '已上锁' }).waitFor();
    const field = page.getByLabel('口令', { exact: true });
    // A finger slips twice; who goes on guessing waits.
    for (let i = 0; i < 3; i++) {
      await field.fill('old tree 37');
      await button(page, '解锁').click();
      await until(async () => (await page.getByRole('alert').count()) === 1 && !(await page.locator('[aria-busy=true]').count()), 'the refusal');
      if (i < 2) assert.ok(await button(page, '解锁').isEnabled());
    }
    await page.getByText(/秒后可以再试/).waitFor();
    assert.ok(await button(page, '解锁').isDisabled());
    await t.shot(page, 'flows-locked-wait');
    // The data can be saved even so.
    const rescue = await downloaded(page, t.worlds[0], 'rescue.xgr', () => button(page, '存救援包').click());
    await page.getByText('救援包在浏览器的下载文件夹里').waitFor();
    const inside = execFileSync('tar', ['tf', rescue]).toString();
    assert.match(inside, /rescue\.txt/);
    await until(() => button(page, '解锁').isEnabled(), 'the pause to end');
    await field.fill('new tree 38');
    await button(page, '解锁').click();
    await page.locator('.main-pages').waitFor();
    await page.context().close();
    await ui.end();
    t.faults = t.faults.filter((fault) => !/pin change|"unlock"/.test(fault));
  },

  'left alone it locks, in both tabs, and says so before; a touch prolongs': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    device.do(['settings', 'sync_every=0', 'lock_after=1']);
    device.do(['passphrase', 'set'], { input: 'old tree 37\n' });
    device.do(['unlock'], { input: 'old tree 37\n' });
    // Some times as fast, for the page's program and in the page.
    const child = spawn(path.join(BIN, 'xunge-ui'), ['--home', device.home, '--json', '--no-browser'], {
      env: environment({ XDG_RUNTIME_DIR: world.folder, LD_PRELOAD: FAKETIME, FAKETIME: `+0 x${FAST}` }),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    world.children.push(child);
    const ui = JSON.parse(await firstLine(child));
    const page = await t.open(ui, { screen: 'small' });
    const hurry = (fast) => {
      const real = performance.now.bind(performance);
      performance.now = () => real() * fast;
    };
    await page.context().addInitScript(hurry, FAST);
    const second = await page.context().newPage();
    await page.reload();
    await second.goto(ui.url);
    await second.locator('.main-pages').waitFor();
    await page.locator('.main-pages').waitFor();
    await page.getByText('没有动作，就要上锁了').waitFor();
    await t.shot(page, 'flows-idle');
    await button(page, '还在用').click();
    await page.getByText('没有动作，就要上锁了').waitFor({ state: 'detached' });
    await second.getByText('没有动作，就要上锁了').waitFor({ state: 'detached' });
    await page.waitForTimeout(20000 / FAST);
    assert.equal(await page.getByRole('heading', { name: '已上锁' }).count(), 0, 'the touch prolonged it');
    await page.getByRole('heading', { name: '已上锁' }).waitFor();
    await second.getByRole('heading', { name: '已上锁' }).waitFor();
    assert.equal(device.try(['list']).code, 6);
    await page.context().close();
    await end(child);
  },

  'a later act: its draft outlives a kill, its photo is kept, the PIN is asked for once': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    device.do(['settings', 'sync_every=0']);
    const id = device.one([...incident]).id;
    device.do(['pin', 'set', '--as', 'w1', '--pin-fd', '0'], { input: '1111\n' });
    let ui = await device.ui();
    let page = await t.open(ui, { screen: 'small', at: `#/case/${id}/do/self_handle` });
    await t.shot(page, 'flows-act');
    const text = page.locator('main textarea').first();
    await text.pressSequentially('已清运干净', { delay: 5 });
    await until(() => device.ask(['draft', 'list']).find((row) => JSON.stringify(row.texts).includes('已清运干净')), 'the draft');
    await ui.end('SIGKILL');
    await page.context().close();
    ui = await device.ui();
    page = await t.open(ui, { screen: 'small', at: `#/case/${id}/do/self_handle` });
    assert.equal(await page.locator('main textarea').first().inputValue(), '已清运干净');
    await page.locator('main input[type=file]').last().setInputFiles(PHOTO);
    await page.locator('.photo-list img').waitFor();
    await t.shot(page, 'flows-act-again');
    await page.locator('.save-bar .button-main').click();
    await page.getByLabel(/输入 PIN/).fill('1111');
    await button(page, '确定').click();
    await page.getByText('已保存').first().waitFor();
    assert.deepEqual(device.ask(['draft', 'list']), []);
    const shown = device.one(['show', id]);
    assert.equal(shown.photos.total, 1);
    await t.go(page, `#/case/${id}/set/address`);
    await page.getByRole('textbox', { name: '地址' }).or(page.getByRole('combobox', { name: '地址' })).first().fill('西门');
    await page.locator('.save-bar .button-main').click();
    await until(() => device.one(['show', id]).fields.address === '西门', 'the new address');
    assert.equal(await page.getByLabel(/输入 PIN/).count(), 0, 'asked once');
    await page.context().close();
    await ui.end();
    t.faults = t.faults.filter((fault) => !/"exit":6/.test(fault));
  },

  'a notice of hostile text is text; the three lists take a subject, and it falls due': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    device.do(['settings', 'sync_every=0']);
    const hostile = `<img src=x onerror=alert(1)>\u202e${'长'.repeat(1500)}<script>alert(2)</script>${'W'.repeat(400)}`;
    device.do(['notice', 'title=<b>粗</b>', `text=${hostile}`, `grid=${GRID}`]);
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small', at: '#/notices' });
    await page.getByRole('heading', { name: '<b>粗</b>' }).waitFor();
    assert.equal(await page.locator('.notice-text').textContent(), hostile, 'every sign as it was written');
    assert.equal(await page.locator('main img, main script, main b').count(), 0);
    await t.fits(page, 'a hostile notice');
    await t.shot(page, 'flows-hostile');
    device.do(['subject', 'list=place', 'name=东门液化气站', 'every_days=7', `grid=${GRID}`]);
    await t.go(page, '#/due');
    await page.getByText('走访：重点场所 · 1').waitFor();
    await page.getByRole('link', { name: '记走访：东门液化气站' }).waitFor();
    await page.context().close();
    await ui.end();
  },

  'a subject is put on each of the three lists by form, falls due, and is visited from there': async (t) => {
    const world = await t.world();
    const community = world.enrol('li', 'c1');
    community.do(['settings', 'sync_every=0']);
    const ui = await community.ui();
    const page = await t.open(ui, { screen: 'small' });
    const lists = [['重点人员', 'person', '孙某某'], ['重点场所', 'place', '东门液化气站'], ['重点事项', 'matter', '拆迁信访']];
    for (const [list, name, who] of lists) {
      await t.go(page, '#/new/subject');
      await page.locator('[data-field=list] label', { hasText: list }).click();
      await page.locator('[data-field=name] input').fill(who);
      await page.locator('[data-field=every_days] input').fill(name === 'matter' ? '每周' : '7');
      if (name === 'matter') {
        // What is no number is named at its field, and kept as it was typed.
        await page.locator('[data-field=every_days] input').blur();
        await page.locator('[data-field=every_days] .problem').waitFor();
        await page.locator('[data-field=every_days] input').fill('7');
      }
      await t.accessible(page, `a subject of ${name}`);
      await t.fits(page, `a subject of ${name}`);
      await page.locator('.save').click();
      await page.locator('.saved').waitFor();
      assert.ok(community.ask(['list', 'subject']).some((one) => one.fields.list === name && one.fields.name === who && one.fields.every_days === 7), who);
    }
    await t.shot(page, 'flows-subjects');
    await t.go(page, '#/due');
    for (const [list, , who] of lists) {
      await page.getByText(`走访：${list} · 1`).waitFor();
      await page.getByRole('link', { name: `记走访：${who}` }).waitFor();
    }
    // Each is visited from there, and is named by it.
    for (const [, , who] of lists) {
      await t.go(page, '#/due');
      await page.getByRole('link', { name: `记走访：${who}` }).click();
      await page.locator('[data-field=place] input').fill('shop-1');
      await page.getByRole('radio', { name: '正常' }).check();
      await page.locator('.save').click();
      await page.locator('.saved').waitFor();
      const id = community.ask(['list', 'subject']).find((one) => one.fields.name === who).id;
      assert.ok(community.ask(['list', 'visit']).some((one) => one.fields.of === id || one.fields.subject === id), who);
    }
    await t.go(page, '#/due');
    await until(async () => !/还没有走访过/.test(await page.locator('main').innerText()), 'nobody unvisited');
    await page.context().close();
    await ui.end();
  },
};

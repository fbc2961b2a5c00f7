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
const PHOTO = path.join(PHOTOS, fs.readdirSync(PHOTOS).filter((name) => name.endsWith('.jpg')).sort()[0]);
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
    await page.getByText(/已读回应：中心已收到 \d+ 条、照片 1 张/).waitFor();
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
    await page.locator('img.leaflet-tile-loaded').first().waitFor();
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
};

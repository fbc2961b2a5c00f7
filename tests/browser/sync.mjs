// Sync as a worker sees it: calm without a network, confirmed bytes that never go back, what
// arrived and what waits; cut in the middle; and the way round by files.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { until } from './run.mjs';
import { claimPort, EPHEMERAL, PHOTOS } from './world.mjs';

const MEGABYTE = 1 << 20;

/** A JPEG of about `bytes`: a real one, and noise in a comment, which no line can shrink. */
export function bigPhoto(file, from, bytes) {
  const jpeg = fs.readFileSync(from);
  const parts = [jpeg.subarray(0, 2)];
  for (let left = bytes; left > 0; left -= 65000) {
    const noise = Buffer.allocUnsafe(65000).map(() => Math.floor(Math.random() * 255));
    parts.push(Buffer.from([0xff, 0xfe, (65002 >> 8) & 255, 65002 & 255]), noise);
  }
  fs.writeFileSync(file, Buffer.concat([...parts, jpeg.subarray(2)]));
}

/** What the agent believes is the server: a line of so many bytes a second before it. */
export async function slowLine(world, bytes_per_s) {
  const address = world.port; // ours for as long as the world is, whoever listens there
  await world.stop();
  world.port = await claimPort();
  await world.start();
  const sockets = new Set();
  const line = net.createServer((near) => {
    const far = net.connect(world.port, '127.0.0.1');
    for (const one of [near, far]) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => (near.destroy(), far.destroy()));
    }
    far.pipe(near);
    near.on('data', (data) => {
      near.pause();
      far.write(data);
      setTimeout(() => near.resume(), (data.length / bytes_per_s) * 1000);
    });
  });
  await new Promise((resolve) => line.listen(address, '127.0.0.1', resolve));
  return () => {
    for (const one of sockets) one.destroy();
    line.close();
  };
}

const syncButton = (page) => page.getByRole('button', { name: '现在同步' });

export const tests = {
  'no network is calm; with one again all is received': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    await world.stop();
    device.do(['incident', 'category=env-garbage', 'address=东门']);
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small', at: '#/sync' });
    await syncButton(page).click();
    await page.getByText('现在连不上中心').waitFor();
    assert.equal(await page.locator('.trouble, .top-late').count(), 0, 'offline is no error');
    await t.accessible(page, 'offline');
    await t.fits(page, 'offline');
    await t.picture(page, 'sync-offline');
    await world.start();
    await syncButton(page).click();
    // One that began by itself may have been first.
    await page.getByText(/中心已收到 [1-9]\d* 条，证明已核验|同步完成，没有新的内容/).waitFor();
    await page.getByText('没有，都已收到').waitFor();
    assert.equal(device.one(['status']).records.received, 1);
    await t.shot(page, 'sync-done');
    await ui.end();
  },

  'a slow line: confirmed bytes never go back, the page may be left, a kill loses nothing': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const photo = path.join(world.folder, 'big.jpg');
    bigPhoto(photo, path.join(PHOTOS, 'sample1.jpg'), 2 * MEGABYTE);
    const ports = [world.port];
    const close = await slowLine(world, 250000);
    // A port from which others' connections are given could be taken while nobody listens there.
    for (const port of [...ports, world.port, world.console_port]) assert.ok(port < EPHEMERAL, `${port} is nobody else's`);
    device.do(['incident', 'category=env-garbage', 'address=东门', '--photo', `${photo}:near`]);
    let ui = await device.ui();
    let page = await t.open(ui, { at: '#/sync' });
    if (await syncButton(page).isEnabled()) await syncButton(page).click();
    await page.getByText('中心已确认').waitFor();
    const seen = [];
    await until(async () => {
      const share = await page.locator('progress').first().evaluate((bar) => bar.value).catch(() => null);
      if (share !== null) seen.push(share);
      return share > 0.3;
    }, 'a third of the photo', 40000);
    assert.deepEqual(seen, [...seen].sort((a, b) => a - b), 'what is confirmed stays confirmed');
    await t.go(page, '#/cases');
    await page.getByRole('link', { name: /正在同步 \d+%/ }).waitFor();
    await page.context().close();
    await ui.end('SIGKILL');
    const kept = device.ask(['photos', 'list', '--waiting'])[0];
    assert.equal(kept.place, 'only_here');
    assert.equal(device.one(['status']).records.waiting + device.one(['status']).records.sealed, 0);
    ui = await device.ui();
    page = await t.open(ui, { at: '#/sync' });
    if (await syncButton(page).isEnabled()) await syncButton(page).click();
    await until(() => device.one(['status']).photos.only_here === 0, 'the photo at the centre', 60000);
    await page.getByText('没有，都已收到').waitFor();
    close();
    await page.context().close();
    await ui.end();
  },

  'without a network: a file goes to the centre, its answer comes back': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    await world.stop();
    device.do(['incident', 'category=env-garbage', 'address=东门']);
    const ui = await device.ui();
    const page = await t.open(ui, { at: '#/sync' });
    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name: '存成文件' }).click();
    const bundle = path.join(world.folder, 'out.xgb');
    await (await coming).saveAs(bundle);
    await page.getByText('在浏览器的下载文件夹里').waitFor();
    world.server(['bundle', 'read', world.data, bundle]);
    const answer = path.join(world.folder, 'answer.xgb');
    world.server(['bundle', 'write', world.data, answer, '--for', device.one(['status']).device.split('/').pop()]);
    await page.locator('.choose input').setInputFiles(answer);
    await page.getByText(/已读回应：中心已收到 [1-9]/).waitFor();
    assert.equal(device.one(['status']).records.received, 1);
    // A file that is none is refused in words, and changes nothing.
    await page.locator('.choose input').setInputFiles(path.join(process.env.XG_SOURCE ?? '.', 'README.md'));
    await page.getByRole('alert').waitFor();
    assert.equal(device.one(['status']).records.received, 1);
    await page.context().close();
    await ui.end();
  },
};

// Patrols through the page, on a real gpsd that is fed with captures of real receivers.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { until } from './run.mjs';
import { end, environment, claimPort, SOURCE } from './world.mjs';

/** gpsd on the loopback, a line of the capture (of tests/data/gps, or a whole path) each `pause`
 * seconds: {address, end}. */
export async function receiver(t, capture, pause) {
  const feed = spawn(
    'python3',
    [path.join(SOURCE, 'packaging/demo/nmea_tcp.py'), path.resolve(SOURCE, 'tests/data/gps', capture), String(pause)],
    { stdio: ['ignore', 'pipe', 'inherit'], env: environment() },
  );
  const source = await new Promise((resolve) => readline.createInterface({ input: feed.stdout }).once('line', resolve));
  const port = await claimPort();
  const gpsd = spawn('/usr/sbin/gpsd', ['-N', '-n', '-S', String(port), `tcp://127.0.0.1:${source}`], {
    stdio: 'ignore',
    env: environment(),
  });
  t.worlds[0].children.push(gpsd, feed);
  return { address: `127.0.0.1:${port}`, end: async () => (await end(gpsd), await end(feed)) };
}

async function walker(t, gpsd) {
  const world = t.worlds[0] ?? (await t.world());
  return world.enrol('a', 'w1', { XUNGE_GPSD: gpsd });
}

const begin = (page) => page.getByRole('button', { name: /开始巡查|Begin the patrol/ });
const stop = (page) => page.getByRole('button', { name: /^(结束巡查|End the patrol)$/ });

/** Metres as the page says them. */
async function distance(page) {
  const words = await page.locator('.patrol-figures dd').nth(1).innerText();
  return Number.parseFloat(words) * (/公里|km/.test(words) ? 1000 : 1);
}

/** End the recorder by its process id, as a crash would. */
async function crash(device) {
  process.kill(device.one(['status']).patrol.pid, 'SIGKILL');
  await until(() => !device.one(['status']).patrol.running, 'the end of the recorder');
}

export const tests = {
  'a patrol is begun, walked, cut off, gone on with, and ended': async (t) => {
    await t.world();
    const gps = await receiver(t, 'bundg_zeus_9.log', 0.02);
    const a = await walker(t, gps.address);
    const ui = await a.ui();
    const page = await t.open(ui, { screen: 'small', at: '#/patrol' });
    await page.locator('.fix').getByText(/定位|误差/).first().waitFor();
    assert.match(await page.locator('main').innerText(), /只在你开始之后、结束之前记录轨迹/);
    await t.accessible(page, 'before a patrol');
    await t.fits(page, 'before a patrol');
    await t.shot(page, 'patrol-begin');

    await begin(page).click();
    await stop(page).waitFor();
    assert.equal(a.one(['status']).patrol.running, true);
    await page.locator('.map-scale').waitFor();
    await page.locator('.fix .chip').waitFor();
    await until(async () => (await distance(page)) > 0, 'some distance', 60000);
    await t.accessible(page, 'on patrol');
    await t.fits(page, 'on patrol');
    await t.shot(page, 'patrol-live');

    await crash(a);
    await page.getByText('上一次巡查中断了').waitFor();
    await t.accessible(page, 'cut off');
    await t.shot(page, 'patrol-cut-off');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await page.getByRole('button', { name: /接着记录/ }).click();
    await stop(page).waitFor();
    const open = a.one(['status']).patrol;
    assert.equal(open.running, true);

    await until(() => a.one(['patrol', 'day']).patrols[0].gaps.length > 0, 'the gap', 60000);
    await stop(page).click();
    await t.accessible(page, 'asked whether to end');
    await page.getByRole('button', { name: '结束并保存' }).click();
    await page.getByText(/巡查结束，已保存并待传/).waitFor();
    await begin(page).waitFor();
    assert.equal(a.one(['status']).patrol, null);

    // What the page shows is what was saved: the gap with its cause, the distance.
    const { patrols } = a.one(['patrol', 'day']);
    assert.deepEqual(patrols.map((of) => of.id), [open.id]);
    assert.ok(patrols[0].gaps.some((gap) => gap.cause === 'killed'), JSON.stringify(patrols[0].gaps));
    const card = page.locator('.patrol-list .card').first();
    await card.locator('summary').click();
    assert.match(await card.innerText(), /程序被终止/);
    await t.accessible(page, 'after a patrol');
    await t.fits(page, 'after a patrol');
    await t.shot(page, 'patrol-after');
    await gps.end();
  },

  'in English, by keys alone, and closed at its last fix': async (t) => {
    await t.world();
    const gps = await receiver(t, 'haicom-305N.log', 0.2);
    const a = await walker(t, gps.address);
    const page = await t.open(await a.ui(), { screen: 'laptop', lang: 'en', at: '#/patrol' });
    const press = async (name) => {
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate(() => document.activeElement?.innerText || document.activeElement?.ariaLabel || '');
        if (at.trim() === name) return page.keyboard.press('Enter');
      }
      throw new Error(`Tab never came to ${name}`);
    };
    await press('Begin the patrol');
    await stop(page).waitFor();
    await until(() => a.one(['patrol', 'day']).patrols[0]?.lines.length > 0, 'a line', 60000);
    await t.shot(page, 'patrol-live-en');
    await crash(a);
    await page.getByText('The last patrol was cut off').waitFor();
    await press('It was over: end it at its last fix');
    await page.getByText(/Ended at its last fix/).waitFor();
    await begin(page).waitFor();
    await page.locator('.patrol-list .card').first().waitFor();
    await t.accessible(page, 'after a patrol, in English');
    await t.shot(page, 'patrol-after-en');
    await gps.end();
  },

  'no fix, and no receiver: it is said, the patrol goes on, a gap is kept': async (t) => {
    await t.world();
    const gps = await receiver(t, 'bu303-nofix.log', 0.1);
    const a = await walker(t, gps.address);
    const page = await t.open(await a.ui(), { screen: 'small', at: '#/patrol' });
    await page.locator('.fix .chip', { hasText: '没有定位' }).waitFor();
    await begin(page).click();
    await stop(page).waitFor();
    await page.getByText(/巡查照常进行：这一段会记为“缺口”/).waitFor();
    await t.accessible(page, 'no fix');
    await t.shot(page, 'patrol-no-fix');
    await gps.end();
    await page.locator('.fix-help', { hasText: /接收机|gpsd|定位/ }).first().waitFor();
    await stop(page).click();
    await page.getByRole('button', { name: '结束并保存' }).click();
    await begin(page).waitFor();
    const { patrols } = a.one(['patrol', 'day']);
    assert.equal(patrols.length, 1);
    assert.ok(patrols[0].gaps.length >= 1, 'the whole of it is a gap');
    await page.locator('.patrol-list .chip', { hasText: '没有轨迹' }).waitFor();
    await t.shot(page, 'patrol-no-fix-after');
  },

  'a track of another device is imported once; what is no track is refused in words': async (t) => {
    await t.world();
    const a = await walker(t, '127.0.0.1:1');
    const page = await t.open(await a.ui(), { screen: 'phone', at: '#/patrol' });
    const points = Array.from({ length: 40 }, (_, i) => {
      const at = new Date(Date.now() - (40 - i) * 20000).toISOString();
      return `<trkpt lat="${(35.0601 + i * 4e-5).toFixed(6)}" lon="${(118.3301 + i * 6e-5).toFixed(6)}"><time>${at}</time></trkpt>`;
    });
    const gpx = `<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>${points.join('')}</trkseg></trk></gpx>`;
    const give = (text) =>
      page.setInputFiles('#patrol-file', { name: 'track.gpx', mimeType: 'application/gpx+xml', buffer: Buffer.from(text) });
    await page.getByText('导入别的设备记录的轨迹').click();
    await t.accessible(page, 'import');
    await give(gpx);
    await page.locator('.notice', { hasText: '已导入' }).waitFor();
    await page.locator('.patrol-list .card').first().waitFor();
    assert.equal(await page.locator('.patrol-list .card').count(), 1);
    await page.locator('.map-scale').waitFor();
    await t.shot(page, 'patrol-imported');
    await give(gpx);
    await page.locator('.notice', { hasText: '早已导入' }).waitFor();
    await give(gpx.slice(0, gpx.length / 2));
    await page.locator('.trouble', { hasText: /GPX/ }).waitFor();
    await give('no track at all');
    await page.locator('.trouble').waitFor();
    assert.equal(a.ask(['list', 'patrol']).length, 1);
  },

  'the list for leaving home is offered until it is filled in; visits due, the nearest first': async (t) => {
    const world = await t.world();
    const templates = path.join(SOURCE, 'tests/data/jiangbei/templates.json');
    world.server(['template', 'import', world.data, templates, '--edition', 'seven']);
    const gps = await receiver(t, 'bundg_zeus_9.log', 0.02);
    const a = await walker(t, gps.address);
    // The boat of the capture is at 52.85 N, 5.31 E.
    for (const [name, lat] of [['远处的王家', 52.9], ['近处的李家', 52.851]])
      a.do(['subject', 'list=place', `name=${name}`, 'every_days=7', `position=${lat},5.31`]);
    const page = await t.open(await a.ui(), { screen: 'small', at: '#/patrol' });
    await page.getByRole('heading', { name: '出门七件事' }).waitFor();
    await begin(page).click();
    await stop(page).waitFor();
    const near = page.locator('.visit-due');
    await until(async () => /近处的李家/.test((await near.first().innerText().catch(() => '')) ?? ''), 'the nearer one first');
    assert.match(await near.first().innerText(), /方向 .*(米|公里)[^]*还没有走访过/);
    assert.match(await near.first().getByRole('link', { name: /到访/ }).getAttribute('href'), /^#\/new\/visit\?of=[0-9a-f]{32}/);
    await t.accessible(page, 'visits due');
    await t.fits(page, 'visits due');
    await t.shot(page, 'patrol-near');
    await page.getByRole('link', { name: /出门前填一遍/ }).click();
    await page.getByText('一看：秩序有无异常').waitFor();
    a.do(['visit', 'place=home', 'result=normal', 'form=seven', 'item=order=no', 'item=hazard=no', 'item=visits=2', 'item=dispute=no']);
    await t.go(page, '#/patrol');
    await page.locator('.patrol-done').waitFor();
    await gps.end();
  },
};

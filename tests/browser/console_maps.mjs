// Maps at the command centre: the registrar adds one by upload, and inbox, case, patrols and intake
// are drawn on it; what is picked on a shifted one is kept as WGS-84.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { away, BAIDU, markUnderCross } from './map.mjs';
import { DISTRICT, staffed } from './office.mjs';
import { until } from './run.mjs';
import { PHOTOS, run, SOURCE } from './world.mjs';

const HERE = { lat: 35.05, lon: 118.35 };

function mapFile(world, name, { lat, lon }, least, most) {
  const file = path.join(world.folder, `${name}.mbtiles`);
  run(['python3', path.join(SOURCE, 'tests/browser/mbtiles.py'), file, ...[lat, lon, least, most].map(String)]);
  return file;
}

/** A worker's reports around here, and a patrol with a hole. */
function reported(world) {
  const device = world.enrol('a', 'w1');
  for (let at = 0; at < 5; at++)
    device.do(['incident', 'category=env-garbage', `address=书香苑${at + 1}号楼`, 'description=垃圾满溢', `position=${HERE.lat + at / 1500},${HERE.lon - at / 900}`, ...(at === 0 ? ['urgency=urgent'] : [])]);
  const end = Math.floor(Date.now() / 1000) - 60;
  const track = Array.from({ length: 60 }, (_, i) => ({ t: end - 1800 + 30 * i, lat: HERE.lat + i / 9000, lon: HERE.lon - Math.sin(i / 8) / 500, acc: 6 })).filter((_, i) => i < 25 || i > 42);
  const file = path.join(world.folder, 'walk.jsonl');
  fs.writeFileSync(file, `${JSON.stringify({ id: 'walk', kind: 'patrol', worker: 'w1', t: end, start: end - 1800, end, grid: '371302001001-j1', track })}\n`);
  device.do(['import', file]);
  device.sync();
  return device;
}

/** What was asked of tiles: no token in an address, and all of them answered. */
function watchTiles(page) {
  const tiles = [];
  page.on('response', async (response) => {
    const { pathname, search } = new URL(response.url());
    if (!pathname.startsWith('/tiles/')) return;
    assert.equal(search, '');
    assert.match(response.request().headers().authorization ?? '', /^Bearer [\w-]{40,}$/);
    tiles.push(response.status());
  });
  return tiles;
}

/** In the middle lies a tile, and it is said where it is from. */
async function drawn(page, tiles, what) {
  await until(
    () =>
      page.evaluate(() => {
        const under = document.querySelector('.map-tiles');
        return under?.getContext('2d').getImageData(under.width / 2, under.height / 2, 1, 1).data[3] === 255;
      }),
    `a tile under ${what}`,
  );
  await page.locator('.map-tiles[data-waits="0"]').waitFor();
  await page.getByText('OpenStreetMap contributors').first().waitFor();
  assert.ok(tiles.includes(200), what);
  assert.deepEqual(tiles.filter((status) => ![200, 204].includes(status)), [], what);
}

/** A large file, and a server that takes no more of it for now: how far it is, also after another
 * page; stopped, nothing came of it. */
async function stopped(admin, world) {
  const large = path.join(world.folder, 'large.mbtiles');
  fs.writeFileSync(large, '');
  fs.truncateSync(large, 64e6);
  await admin.locator('.choose input').setInputFiles(large);
  world.serving.kill('SIGSTOP');
  try {
    await admin.getByRole('button', { name: '装入' }).click();
    const bar = admin.getByRole('progressbar', { name: '传了多少' });
    await until(() => bar.evaluate((of) => of.value > 0 && of.value < 1), 'a part of it');
    for (const at of ['#/me', '#/admin/maps']) {
      await admin.evaluate((hash) => (location.hash = hash), at);
      await admin.locator('h1').first().waitFor();
    }
    await admin.getByText(/MB，共 64.0 MB/).waitFor();
    assert.ok(await admin.getByLabel('名称').isDisabled());
    await admin.getByRole('button', { name: '停下不传' }).click();
    await admin.getByRole('button', { name: '装入' }).waitFor();
    assert.equal(await admin.getByRole('alert').count(), 0);
  } finally {
    world.serving.kill('SIGCONT');
  }
  await admin.getByRole('button', { name: '不装了' }).click();
}

export const tests = {
  'a registrar adds a map: inbox, case, patrols and intake are drawn on it, until it goes': async (t) => {
    const world = await t.world();
    for (const code of ['r9', 'r8']) world.operator(code, '吴磊', 'registrar', DISTRICT);
    world.operator('d9', '陈静', 'dispatcher', DISTRICT);
    reported(world);
    const page = await t.desk(world, 'd9');
    const tiles = watchTiles(page);
    await until(async () => (await page.locator('.desk-row').count()) === 5, 'five rows');
    await page.keyboard.press('m');
    await page.getByText('没有底图').first().waitFor();
    const admin = await t.desk(world, 'r9', { at: '#/admin/maps' });
    await admin.getByText('还没有地图').waitFor();
    await stopped(admin, world);
    await admin.locator('.choose input').setInputFiles(mapFile(world, '兰山', HERE, 11, 17));
    assert.match(await admin.getByLabel('名称').inputValue(), /^[\w-]+$/);
    await admin.getByLabel('名称').fill('lanshan');
    await t.shot(admin, 'console-maps-form');
    await t.accessible(admin, 'adding a map');
    await t.fits(admin, 'adding a map', 24);
    await admin.getByRole('button', { name: '装入' }).click();
    await admin.getByText('已装好').waitFor();
    await admin.getByRole('button', { name: '删去地图 lanshan' }).waitFor();
    await t.shot(admin, 'console-maps');
    await t.accessible(admin, 'with a map');
    assert.equal(world.serverAsk(['maps', world.data])[0].name, 'lanshan');
    const small = await t.desk(world, 'r8', { screen: 'small', lang: 'en', theme: 'dark', at: '#/admin/maps' });
    await small.locator('.choose input').setInputFiles(path.join(world.folder, '兰山.mbtiles'));
    await small.getByLabel('Name', { exact: true }).fill('lanshan');
    await small.getByText('it will be replaced').waitFor();
    await t.accessible(small, 'maps on a phone');
    await t.fits(small, 'maps on a phone', 44);
    await t.shot(small, 'console-maps-small');
    await small.context().close();

    // Who looks at a map meanwhile has the new one beneath by itself.
    await drawn(page, tiles, 'the inbox');
    await t.accessible(page, 'inbox with a map');
    await t.shot(page, 'console-inbox-map');

    const id = await page.locator('.desk-row').first().getAttribute('data-id');
    await t.go(page, `#/case/${id}`);
    await drawn(page, tiles, 'a case');
    await t.accessible(page, 'case with a map');
    await t.shot(page, 'console-case-map');

    const [walk] = world.serverAsk(['patrols', world.data]);
    await t.go(page, `#/patrols/${walk.id}`);
    await drawn(page, tiles, 'a patrol');
    await t.accessible(page, 'patrol with a map');
    await t.shot(page, 'console-patrol-map');

    // Without one again: the lattice, and where a map would come from.
    await admin.getByRole('button', { name: '删去地图 lanshan' }).click();
    await admin.getByRole('dialog').getByRole('button', { name: '删去' }).click();
    await admin.getByText('还没有地图').waitFor();
    await page.getByText('没有底图').first().waitFor();
    await t.go(page, `#/case/${id}`);
    await page.getByRole('button', { name: '图层' }).click();
    await page.getByText('登记员').first().waitFor();
    await t.shot(page, 'console-no-map');

    // What is no map is refused, in words, and nothing stays behind.
    await admin.locator('.choose input').setInputFiles(path.join(PHOTOS, 'has-lens-info.jpg'));
    await admin.getByRole('button', { name: '装入' }).click();
    await admin.getByRole('alert').filter({ hasText: 'MBTiles' }).waitFor();
    await t.shot(admin, 'console-maps-refused');
    assert.deepEqual(world.serverAsk(['maps', world.data]), []);
    // Nobody else has that page.
    await t.go(page, '#/admin/maps');
    assert.equal(await page.locator('.menu a[href="#/admin"]').count(), 0);
    assert.deepEqual(t.faults.splice(0).filter((fault) => !fault.includes('maps add')), []);
  },

  'what is picked at intake on a BD-09 map is kept as WGS-84': async (t) => {
    const world = await staffed(t, 'd9');
    world.server(['maps', 'add', world.data, mapFile(world, 'baidu', BAIDU.bd09, 15, 18), '--name', 'baidu', '--crs', 'bd09']);
    const page = await t.desk(world, 'd9', { at: '#/intake' });
    const tiles = watchTiles(page);
    await page.getByRole('button', { name: '占道经营' }).first().click();
    await page.getByRole('button', { name: '在地图上选' }).click();
    await page.getByText('输入经纬度').click();
    await page.locator('#place-typed').fill(`${BAIDU.wgs.lat - 0.0004}, ${BAIDU.wgs.lon + 0.0006}`);
    await page.getByRole('button', { name: '到那里' }).click();
    await drawn(page, tiles, 'intake');
    await page.locator('.map-box').scrollIntoViewIfNeeded();
    await markUnderCross(page);
    await page.getByText(/北纬 39\.91[45]/).first().waitFor();
    await t.accessible(page, 'intake with a map');
    await t.shot(page, 'console-intake-map');
    await page.getByRole('button', { name: '选好了' }).click();
    await page.getByLabel('地址').fill('书香苑东门');
    await page.getByLabel('情况描述').fill('摊位占了人行道');
    await page.getByText('更多', { exact: true }).click();
    await page.getByLabel('网格').fill('371302001001-j1');
    await page.getByRole('button', { name: /登记，给出编号/ }).click();
    await page.locator('.intake-number').waitFor();
    const [row] = world.serverAsk(['list', world.data, 'incident']);
    const kept = world.serverAsk(['show', world.data, row.id])[0].position;
    assert.ok(away(kept, BAIDU.wgs) < 1, `${JSON.stringify(kept)} is ${away(kept, BAIDU.wgs)} m off`);
  },
};

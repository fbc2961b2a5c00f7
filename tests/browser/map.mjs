// Maps by themselves (map_page/), under the real policy, on a real offline map made here.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { until } from './run.mjs';
import { run, SOURCE } from './world.mjs';

/** WGS-84 and the same place in GCJ-02, by eviltransform. */
const VECTORS = [
  [31.1774276, 121.5272106, 31.17530398364597, 121.531541859215],
  [22.543847, 113.912316, 22.540796131694766, 113.9171765808363],
  [39.911954, 116.377817, 39.91334545536069, 116.38404722455657],
];
const [WGS_LAT, WGS_LON, GCJ_LAT, GCJ_LON] = VECTORS[0];
/** WGS-84 and the same place in BD-09, by coordtransform (wandergis), as others repeat it. */
export const BAIDU = { wgs: { lat: 39.915, lon: 116.404 }, bd09: { lat: 39.922699552216216, lon: 116.41662724378733 } };
const METRE = 360 / 40007863;
export const away = (a, b) =>
  Math.hypot((a.lat - b.lat) / METRE, ((a.lon - b.lon) / METRE) * Math.cos((a.lat * Math.PI) / 180));

let built;
/** The maps' own page, built once for all tests. */
function pageFolder() {
  if (built) return built;
  built = fs.mkdtempSync(path.join(os.tmpdir(), 'xunge-map-page-'));
  process.on('exit', () => fs.rmSync(built, { recursive: true, force: true }));
  run(['sh', path.join(SOURCE, 'packaging/page.sh'), 'tests/browser/map_page', built], { env: { HOME: built } });
  return built;
}

/** A device that shows the maps' own page; `maps`: [name, crs, lat, lon, least zoom, most zoom]. */
async function mapped(t, maps = []) {
  const world = await t.world();
  const a = world.enrol('a', 'w1', { XUNGE_PAGE: pageFolder() });
  for (const [name, crs, ...place] of maps) {
    const file = path.join(world.folder, `${name}.mbtiles`);
    run(['python3', path.join(SOURCE, 'tests/browser/mbtiles.py'), file, ...place.map(String)]);
    a.do(['maps', 'add', file, '--name', name, '--crs', crs]);
  }
  return { device: a, ui: await a.ui() };
}

const show = (page, given) => page.evaluate((it) => globalThis.maps.show(it), given);
const said = (page) => page.evaluate(() => structuredClone(globalThis.maps.said));

async function shown(page, given) {
  await show(page, given);
  await page.locator('.map-scale').waitFor();
}

const tilesCame = (page) => page.locator('.map-tiles[data-waits="0"]').waitFor();

/** Closer, until the mark is seen: only the deepest tiles have it. Where it is. */
async function closeToMark(page) {
  for (let zoom = 0; zoom < 4; zoom++) {
    const at = await markFromMiddle(page);
    if (at) return at;
    await page.getByRole('button', { name: '放大' }).click();
  }
  throw new Error('there is no mark near the middle');
}

/** By a drag, what the tile shows at its mark comes under the cross. */
export async function markUnderCross(page) {
  const [x, y] = await closeToMark(page);
  const box = await page.locator('.map-box').boundingBox();
  const middle = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(...middle);
  await page.mouse.down();
  await page.mouse.move(middle[0] - x / 2, middle[1] - y / 2, { steps: 4 });
  await page.mouse.move(middle[0] - Math.round(x), middle[1] - Math.round(y), { steps: 4 });
  await page.mouse.up();
}

/** Where the red mark is on the map, from its middle, in CSS pixels. */
export async function markFromMiddle(page) {
  await tilesCame(page);
  const box = await page.locator('.map-box').boundingBox();
  await page.evaluate(() => document.querySelectorAll('.map-cross, .map-canvas').forEach((e) => (e.style.visibility = 'hidden')));
  const shot = (await page.screenshot({ clip: box, scale: 'css' })).toString('base64');
  await page.evaluate(() => document.querySelectorAll('.map-cross, .map-canvas').forEach((e) => (e.style.visibility = '')));
  return page.evaluate(async (data) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(image.width, image.height);
    const ctx = canvas.getContext('2d');
    ctx.drawImage(image, 0, 0);
    const { data: rgba } = ctx.getImageData(0, 0, image.width, image.height);
    let [n, x, y] = [0, 0, 0];
    for (let at = 0; at < rgba.length; at += 4)
      if (rgba[at] > 200 && rgba[at + 1] < 90 && rgba[at + 2] < 90) {
        n++;
        x += (at / 4) % image.width;
        y += Math.floor(at / 4 / image.width);
      }
    return n ? [x / n + 0.5 - image.width / 2, y / n + 0.5 - image.height / 2] : null;
  }, shot);
}

function manyPoints(count) {
  let seed = 7;
  const next = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const tones = ['quiet', 'ok', 'ok', 'warn', 'bad'];
  return Array.from({ length: count }, (_, i) => ({
    id: `p${i}`,
    lat: 35.04 + next() * 0.05,
    lon: 118.31 + next() * 0.05,
    tone: tones[Math.floor(next() * tones.length)],
  }));
}

export const tests = {
  'GCJ-02 and BD-09 are shifted as the vectors say, and back; outside China nothing is': async (t) => {
    const { ui } = await mapped(t);
    const page = await t.open(ui, { screen: 'laptop' });
    for (const [lat, lon, gcj_lat, gcj_lon] of VECTORS) {
      const got = await page.evaluate(
        (place) => {
          const { toShown, fromShown } = globalThis.maps;
          const gcj = toShown(place, 'gcj02');
          const bd = toShown(place, 'bd09');
          return { gcj, back: fromShown(gcj, 'gcj02'), bd, bd_back: fromShown(bd, 'bd09') };
        },
        { lat, lon },
      );
      assert.ok(away(got.gcj, { lat: gcj_lat, lon: gcj_lon }) < 0.1, JSON.stringify(got.gcj));
      assert.ok(away(got.back, { lat, lon }) < 0.001, 'back from GCJ-02');
      assert.ok(away(got.bd_back, { lat, lon }) < 0.001, 'back from BD-09');
    }
    const baidu = await page.evaluate((place) => globalThis.maps.toShown(place, 'bd09'), BAIDU.wgs);
    assert.ok(away(baidu, BAIDU.bd09) < 0.1, JSON.stringify(baidu));
    const far = { lat: 52.5, lon: 5.3 };
    for (const crs of ['gcj02', 'bd09', 'wgs84'])
      assert.deepEqual(await page.evaluate(([at, by]) => globalThis.maps.toShown(at, by), [far, crs]), far);
    // Along the edge of the box around China the way back ends, too.
    for (const lon of [72.0041, 72.0039, 137.8346])
      await page.evaluate((at) => globalThis.maps.fromShown(at, 'gcj02'), { lat: 30, lon });
  },

  'a place picked on a GCJ-02 map is WGS-84; another map keeps the place': async (t) => {
    const { ui } = await mapped(t, [
      ['amap', 'gcj02', GCJ_LAT, GCJ_LON, 15, 18],
      ['plain', 'wgs84', WGS_LAT, WGS_LON, 15, 18],
    ]);
    const page = await t.open(ui, { screen: 'laptop' });
    await shown(page, { map: 'place', props: { value: { lat: WGS_LAT + 60 * METRE, lon: WGS_LON - 80 * METRE }, accuracy: null, here: null } });
    await page.getByText('OpenStreetMap contributors').first().waitFor();
    for (let zoom = 0; zoom < 2; zoom++) await page.getByRole('button', { name: '放大' }).click();

    await markUnderCross(page);
    const picked = await until(async () => (await said(page)).place, 'a place');
    assert.ok(away(picked, { lat: WGS_LAT, lon: WGS_LON }) < 1, `${away(picked, { lat: WGS_LAT, lon: WGS_LON })} m off`);
    assert.equal((await said(page)).how, 'picked');
    assert.match(await page.locator('.picker-place').innerText(), /北纬 31\.1774.°，东经 121\.5272.°/);
    await t.shot(page, 'map-place-gcj02');

    // The other map: the same place, with its own mark under the cross.
    await page.getByRole('button', { name: '图层' }).click();
    await t.accessible(page, 'layers');
    await page.locator('label.choice', { hasText: 'WGS-84' }).click();
    await page.getByRole('button', { name: '关闭' }).click();
    await until(async () => {
      const at = await markFromMiddle(page);
      return at && Math.hypot(...at) < 4;
    }, 'the mark of the other map');
    assert.ok(away((await said(page)).place, picked) < 0.01, 'the place was kept');
  },

  'a place picked on a BD-09 map is WGS-84, and what is drawn on it lies where it is': async (t) => {
    const { wgs, bd09 } = BAIDU;
    const { ui } = await mapped(t, [['baidu', 'bd09', bd09.lat, bd09.lon, 15, 18]]);
    const page = await t.open(ui, { screen: 'laptop' });
    await shown(page, { map: 'place', props: { value: { lat: wgs.lat - 50 * METRE, lon: wgs.lon + 70 * METRE }, accuracy: null, here: null } });
    await markUnderCross(page);
    const picked = await until(async () => (await said(page)).place, 'a place');
    assert.ok(away(picked, wgs) < 1, `${away(picked, wgs)} m off`);
    await t.shot(page, 'map-place-bd09');
    // A record of that place is drawn on the mark: it is what the middle has.
    await shown(page, { map: 'cases', props: { points: [{ id: 'there', ...wgs, tone: 'bad' }] } });
    const at = await closeToMark(page);
    assert.ok(Math.hypot(...at) < 4, `the mark is ${at} px from the record`);
    await t.shot(page, 'map-record-bd09');
  },

  'a place is picked by keys, by buttons, by the receiver, by numbers': async (t) => {
    const { ui } = await mapped(t);
    const page = await t.open(ui, { screen: 'small' });
    const here = { lat: 35.0612, lon: 118.3315, accuracy_m: 8 };
    await shown(page, { map: 'place', props: { value: null, accuracy: null, here } });
    await page.getByText('还没有选').waitFor();
    assert.equal((await said(page)).place, null, 'nothing is picked by looking');
    await t.accessible(page, 'nothing picked');
    await t.fits(page, 'nothing picked');
    await t.shot(page, 'map-place-nothing');

    await page.getByRole('button', { name: /用我现在的位置/ }).click();
    assert.ok(away((await said(page)).place, here) < 0.01);
    assert.equal((await said(page)).how, 'here');
    await page.getByRole('button', { name: /向北 10/ }).click();
    let place = (await said(page)).place;
    assert.ok(Math.abs((place.lat - here.lat) / METRE - 10) < 0.7, 'ten metres north');

    await page.locator('.map-box').focus();
    await page.keyboard.press('ArrowRight');
    assert.ok((await said(page)).place.lon > place.lon && (await said(page)).how === 'picked');
    await page.keyboard.press('Escape');
    assert.equal(await page.evaluate(() => document.activeElement.className), 'map-tool', 'Escape leads out');

    await page.getByText('输入经纬度').click();
    await page.locator('#place-typed').fill('somewhere');
    await page.getByRole('button', { name: '到那里' }).click();
    await page.getByText(/要两个数/).waitFor();
    await page.locator('#place-typed').fill('35.0655, 118.3377');
    await page.keyboard.press('Enter');
    place = (await said(page)).place;
    assert.ok(away(place, { lat: 35.0655, lon: 118.3377 }) < 0.01);
    await t.accessible(page, 'typed');
    await t.fits(page, 'typed');
    await t.shot(page, 'map-place-typed');
  },

  'what was typed is the place itself, whatever becomes of the map; a hand moves it again': async (t) => {
    const { ui } = await mapped(t, [
      ['amap', 'gcj02', 35.0601, 118.3501, 15, 18],
      ['plain', 'wgs84', 35.0601, 118.3501, 15, 18],
    ]);
    const page = await t.open(ui, { screen: 'small', reducedMotion: 'no-preference' });
    await shown(page, { map: 'place', props: { value: null, accuracy: null, here: null } });
    await page.getByText('输入经纬度').click();
    const drawn = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20))));
    const hide = (on) => page.evaluate((yes) => (document.querySelector('.map-view').style.display = yes ? 'none' : ''), on);
    for (let i = 0; i < 50; i++) {
      const typed = { lat: 35.0601 + i / 1e4, lon: 118.3501 - i / 1e4 };
      // A drag that still glides when the numbers are taken.
      if (i % 5 === 0) {
        await page.locator('.map-box').scrollIntoViewIfNeeded();
        const box = await page.locator('.map-box').boundingBox();
        await page.mouse.move(box.x + 60, box.y + 60);
        await page.mouse.down();
        await page.mouse.move(box.x + 160, box.y + 140, { steps: 5 });
        await page.mouse.up();
      }
      await page.locator('#place-typed').fill(`${typed.lat.toFixed(4)}, ${typed.lon.toFixed(4)}`);
      await page.locator('#place-typed').press('Enter');
      // The keyboard goes, the device is turned, the map is out of sight and comes again.
      if (i % 2 === 0) await page.setViewportSize({ width: 360 + (i % 7) * 40, height: i % 4 ? 640 : 330 });
      if (i % 3 === 0) {
        await hide(true);
        await drawn();
        await hide(false);
      }
      if (i === 24) {
        await page.getByRole('button', { name: '图层' }).click();
        await page.locator('label.choice', { hasText: 'WGS-84' }).click();
        await page.getByRole('button', { name: '关闭' }).click();
      }
      if (i % 10 === 9) await page.getByRole('button', { name: i % 20 === 9 ? '放大' : '缩小' }).click();
      await drawn();
      const { place, how } = await said(page);
      assert.deepEqual([place.lat.toFixed(9), place.lon.toFixed(9), how], [typed.lat.toFixed(9), typed.lon.toFixed(9), 'picked'], `round ${i}`);
    }
    await page.waitForTimeout(300); // what is told late
    const last = (await said(page)).place;
    assert.deepEqual([last.lat.toFixed(9), last.lon.toFixed(9)], ['35.065000000', '118.345200000']);
    // The cross is there, so that a step begins there.
    await page.getByRole('button', { name: /向北 10/ }).click();
    const stepped = (await said(page)).place;
    assert.ok(Math.abs((stepped.lat - last.lat) / METRE - 10) < 0.5, JSON.stringify(stepped));
    assert.ok(Math.abs(stepped.lon - last.lon) < 1e-5, JSON.stringify(stepped));
    // And each way of her hand still points, where there is a nearer look.
    for (let zoom = 0; zoom < 2; zoom++) await page.getByRole('button', { name: '缩小' }).click();
    await page.setViewportSize({ width: 360, height: 640 });
    await page.locator('.map-box').scrollIntoViewIfNeeded();
    await drawn();
    const box = await page.locator('.map-box').boundingBox();
    const ways = {
      wheel: () => page.mouse.wheel(0, -120),
      dblclick: () => page.mouse.dblclick(box.x + 40, box.y + 50),
    };
    for (const [way, act] of Object.entries(ways)) {
      const before = (await said(page)).place;
      await page.mouse.move(box.x + 40, box.y + 50);
      await act();
      await until(async () => away((await said(page)).place, before) > 1, way);
    }
  },

  'ten thousand records: gathered, opened by touch and keys, moved without waiting': async (t) => {
    const { ui } = await mapped(t);
    const page = await t.open(ui, { screen: 'laptop' });
    const points = manyPoints(10000);
    await shown(page, { map: 'cases', props: { points } });
    await t.accessible(page, 'records');
    await t.shot(page, 'map-records');
    const box = page.locator('.map-box');
    await box.focus();
    const moved = await page.evaluate(async () => {
      const element = document.querySelector('.map-box');
      const frame = () => new Promise((done) => requestAnimationFrame(done));
      const times = [];
      const keys = ['ArrowLeft', 'ArrowUp', '+', 'ArrowRight', 'ArrowDown', '+', 'ArrowLeft', '-', '+', '-', '-'];
      for (const key of keys) {
        await frame();
        const begun = performance.now();
        element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
        times.push([key, performance.now() - begun]);
      }
      return times;
    });
    const worst = Math.max(...moved.map(([, ms]) => ms));
    console.log(`     10,000 records: a step or a zoom is drawn in ${worst.toFixed(0)} ms at most, ${(moved.reduce((sum, [, ms]) => sum + ms, 0) / moved.length).toFixed(1)} ms on average`);
    assert.ok(worst < 250, `${worst} ms`);

    // Enter opens what is in the middle, until it is one record or one place.
    for (let step = 0; step < 12 && (await said(page)).selected.length === 0; step++) {
      await page.keyboard.press('Enter');
      if ((await said(page)).selected.length === 0) await page.waitForTimeout(30);
      // Nothing in the middle: a step aside.
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowLeft');
    }
    const [west, south, east, north] = (await said(page)).bounds;
    assert.ok(west < east && south < north && east - west < 1);

    // A single one, touched.
    await shown(page, { map: 'cases', props: { points: [{ id: 'one', lat: 35.06, lon: 118.33, tone: 'bad' }] } });
    const at = await box.boundingBox();
    await page.mouse.click(at.x + at.width / 2, at.y + at.height / 2);
    assert.deepEqual((await said(page)).selected, ['one']);
    await t.shot(page, 'map-one-record');
  },

  'on a phone one finger scrolls the page; over the whole screen it moves the map': async (t) => {
    const { ui } = await mapped(t);
    const page = await t.open(ui, { screen: 'small', lang: 'en' });
    await shown(page, { map: 'cases', props: { points: manyPoints(50) } });
    await page.getByText(/Two fingers move the map/).waitFor();
    await t.accessible(page, 'on a phone');
    await t.fits(page, 'on a phone');
    const client = await page.context().newCDPSession(page);
    const swipe = async () => {
      const box = await page.locator('.map-box').boundingBox();
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      await client.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x, y }] });
      for (let step = 1; step <= 6; step++)
        await client.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [{ x: x - step * 12, y }] });
      await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
      await page.waitForTimeout(200);
      return (await said(page)).bounds;
    };
    const before = (await said(page)).bounds;
    assert.deepEqual(await swipe(), before, 'the map stayed');
    const box = await page.locator('.map-box').boundingBox();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const fingers = (apart) => [{ x: x - apart, y, id: 1 }, { x: x + apart, y, id: 2 }];
    await client.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: fingers(30) });
    for (const apart of [40, 60, 80, 100, 120])
      await client.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: fingers(apart) });
    await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await until(async () => {
      const [west, , east] = (await said(page)).bounds;
      return east - west < (before[2] - before[0]) / 1.9;
    }, 'a closer look by two fingers');
    await page.getByRole('button', { name: 'Full' }).click();
    await page.waitForTimeout(100);
    const full = (await said(page)).bounds;
    assert.notDeepEqual(await swipe(), full, 'the map moved');
    await t.accessible(page, 'over the whole screen');
    await t.shot(page, 'map-full');
    await page.keyboard.press('Escape');
    await until(async () => (await page.locator('.map-full').count()) === 0, 'the end of the whole screen');
  },

  'a drag glides on, or stops where less motion is wished for; what was dragged is no touch': async (t) => {
    const { ui } = await mapped(t);
    const one = { lat: 35.06, lon: 118.33 };
    for (const reducedMotion of ['no-preference', 'reduce']) {
      const page = await t.open(ui, { screen: 'laptop', reducedMotion });
      await shown(page, { map: 'place', props: { value: one, accuracy: null, here: null } });
      const { x, y, width, height } = await page.locator('.map-box').boundingBox();
      const [right, down] = [x + width / 2, y + height / 2];
      const metresOff = async () => away((await said(page)).place ?? one, one);
      // A hand that trembles drags nothing, and picks nothing.
      await page.mouse.move(right, down);
      await page.mouse.down();
      await page.mouse.move(right + 2, down);
      await page.mouse.up();
      assert.equal(await metresOff(), 0);
      // 200 pixels, flung: that far, and some further where it may glide. (On a busy machine the last
      // moments may be too long for a fling: once more, then.)
      const metres_per_px = Number((await page.locator('.map-scale').innerText()).match(/\d+/)[0]) /
        (await page.locator('.map-scale span').last().boundingBox()).width;
      const fling = () =>
        page.evaluate(async ([from_x, from_y]) => {
          const box = document.querySelector('.map-box');
          const mouse = { pointerId: 1, isPrimary: true, pointerType: 'mouse', button: 0, bubbles: true };
          const at = (name, moved, buttons) =>
            box.dispatchEvent(new PointerEvent(name, { ...mouse, buttons, clientX: from_x - moved, clientY: from_y }));
          box.setPointerCapture = () => {}; // of a mouse that is none
          at('pointerdown', 0, 1);
          for (const moved of [20, 40, 120, 200]) {
            await new Promise((done) => setTimeout(done, 8));
            at('pointermove', moved, 1);
          }
          at('pointerup', 200, 0);
        }, [right, down]);
      await until(async () => {
        const before = await metresOff();
        await fling();
        await page.waitForTimeout(1200);
        const px = ((await metresOff()) - before) / metres_per_px;
        assert.ok(px > 197, `${px} px`);
        if (reducedMotion === 'reduce') assert.ok(px < 203, `${px} px, and is to rest at once`);
        return reducedMotion === 'reduce' || px > 203;
      }, 'a glide');
      // A mouse without a button drags nothing.
      const rested = await metresOff();
      await page.mouse.move(right - 60, down);
      await page.mouse.move(right + 60, down);
      assert.equal(await metresOff(), rested);
      await page.close();
    }
    const page = await t.open(ui, { screen: 'laptop' });
    await shown(page, { map: 'cases', props: { points: [{ id: 'one', ...one, tone: 'bad' }] } });
    const { x, y, width, height } = await page.locator('.map-box').boundingBox();
    // In a page the wheel is the page's.
    const before = (await said(page)).bounds;
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.wheel(0, -240);
    await page.mouse.down();
    await page.mouse.move(x + width / 2 + 90, y + height / 2, { steps: 3 });
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 3 });
    await page.mouse.up();
    await page.waitForTimeout(100);
    assert.deepEqual((await said(page)).selected, [], 'dragged, not touched');
    const after = (await said(page)).bounds;
    assert.ok(Math.abs(after[2] - after[0] - before[2] + before[0]) < 1e-9, 'as near as before');
    await page.mouse.click(x + width / 2, y + height / 2);
    assert.deepEqual((await said(page)).selected, ['one']);
  },

  'tiles that are not there, or do not come, leave their place to the lattice': async (t) => {
    const { ui } = await mapped(t, [['plain', 'wgs84', WGS_LAT, WGS_LON, 15, 16]]);
    const page = await t.open(ui, { screen: 'laptop' });
    const asked = new Map();
    await page.route('**/tiles/**', async (route) => {
      const path = new URL(route.request().url()).pathname;
      asked.set(path, (asked.get(path) ?? 0) + 1);
      await (asked.size % 3 === 0 ? route.abort() : route.continue());
    });
    await shown(page, { map: 'place', props: { value: { lat: WGS_LAT, lon: WGS_LON }, accuracy: null, here: null } });
    await tilesCame(page);
    // Nearer than the map was drawn: the same tiles, larger; further out than it: none.
    await page.locator('.map-box').focus();
    for (const key of ['+', '+', '+', '-', '-', '-']) {
      await page.keyboard.press(key);
      await tilesCame(page);
    }
    const zooms = () => [...new Set([...asked.keys()].map((path) => path.split('/').at(-3)))];
    assert.deepEqual(zooms(), ['16'], 'no tile is asked for that the map has not');
    for (let step = 0; step < 4; step++) await page.keyboard.press('-');
    await tilesCame(page);
    assert.deepEqual(zooms().sort(), ['15', '16']);
    // Away from all that the map has.
    asked.clear();
    await page.getByText('输入经纬度').click();
    await page.locator('#place-typed').fill('35.0601, 118.3501');
    await page.keyboard.press('Enter');
    await tilesCame(page);
    assert.equal(asked.size, 0);
  },

  'without a map a lattice and a scale; a track with its gap; every theme': async (t) => {
    const { ui } = await mapped(t);
    for (const [theme, lang] of [['light', 'zh'], ['dark', 'en'], ['sunlight', 'zh']]) {
      const page = await t.open(ui, { screen: 'small', theme, lang });
      await shown(page, {
        map: 'track',
        props: {
          lines: [
            [[118.3301, 35.0601], [118.331, 35.0605], [118.3315, 35.062]],
            [[118.333, 35.063], [118.334, 35.0645]],
          ],
          gaps: [{ between: [[118.3315, 35.062], [118.333, 35.063]] }],
          visits: [{ lat: 35.0605, lon: 118.331, text: 'A' }],
          here: { lat: 35.0645, lon: 118.334, accuracy_m: 30 },
        },
      });
      assert.match(await page.locator('.map-scale').innerText(), /\d+ (米|m)/);
      await page.getByText(/没有底图|no map beneath/).waitFor();
      await t.accessible(page, `track, ${theme}`);
      await t.fits(page, `track, ${theme}`);
      await t.shot(page, `map-track-${theme}`);
      await page.close();
    }
  },
};

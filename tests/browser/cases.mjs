// The cases: a list of any length, what is looked for, drafts, one case with all that can be done
// to it, in touch and by keys.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { until } from './run.mjs';
import { PHOTOS } from './world.mjs';

/** Markup, the other direction, no width, no end: shown as it is, and harmless. */
const HOSTILE = [
  '<img src=x onerror="document.title=1"><script>document.title=2</script>',
  '\u202Eسلام{{1+1}}\u200B\u200D\uFEFF\u2066end',
  '&lt;b&gt;"\'`\\ \u0301\u0301\u0301 %00 ../../etc',
  '长'.repeat(3900),
];

const many = (count) => {
  const lines = [];
  for (let at = 0; at < count; at++)
    lines.push(
      JSON.stringify({
        id: `many-${at}`,
        kind: 'incident',
        worker: 'w1',
        t: 1763700000 + at,
        category: at % 3 ? 'env-garbage' : 'env-trade',
        urgency: ['normal', 'priority', 'urgent'][at % 3],
        address: `书香苑${1 + (at % 90)}号楼${at % 4 ? '' : '二单元门前的绿化带旁边的停车位'}`,
        description: `第${at}件：${'垃圾满溢，气味很大。'.repeat(1 + (at % 5))}`,
        lat: 35.04 + (at % 100) / 5000,
        lon: 118.33 + Math.floor(at / 100) / 5000,
      }),
    );
  return lines.join('\n');
};

function bring(device, lines) {
  const file = path.join(device.world.folder, 'many.jsonl');
  fs.writeFileSync(file, lines);
  device.do(['import', file]);
}

const rows = (page) => page.locator('.long-row .case-title');
const open = async (t, page, id) => {
  await t.go(page, `#/case/${id}`);
  await page.locator('.case-head').waitFor();
};

/** Heights of frames, in ms, while `what` goes on. */
async function frames(page, what) {
  await page.evaluate(() => {
    globalThis.frames_ms = [];
    let last = performance.now();
    const tick = (now) => {
      if (!globalThis.frames_ms) return;
      globalThis.frames_ms.push(now - last);
      last = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await what();
  return page.evaluate(() => {
    const all = globalThis.frames_ms.sort((a, b) => a - b);
    globalThis.frames_ms = null;
    return { median: all[all.length >> 1], p95: all[Math.floor(all.length * 0.95)], worst: all.at(-1), count: all.length };
  });
}

export const tests = {
  'ten thousand cases scroll, by finger and by keys, and one is found again': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    bring(device, many(10000));
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small', at: '#/cases' });
    await rows(page).first().waitFor();
    assert.match(await page.locator('.case-count').innerText(), /10,000/);
    assert.ok((await page.locator('.long-row').count()) < 60, 'only what is near is in the document');
    const told = await frames(page, async () => {
      for (let at = 0; at < 40; at++) {
        await page.mouse.wheel(0, 900);
        await page.waitForTimeout(30);
      }
    });
    console.log(`     frames while scrolling: median ${told.median.toFixed(1)}, 95 % ${told.p95.toFixed(1)}, worst ${told.worst.toFixed(0)} ms`);
    assert.ok(told.p95 < 100, `frames take ${told.p95} ms`);
    await until(async () => (await rows(page).count()) > 3, 'rows far down');

    // By keys, to the very end and back; the focus is on a row all the time.
    await page.evaluate(() => scrollTo(0, 0));
    await until(async () => (await page.locator('[data-at="0"] a').count()) === 1, 'the first row');
    await page.locator('[data-at="0"] a').focus();
    for (let at = 0; at < 5; at++) await page.keyboard.press('ArrowDown');
    const focused = () => page.evaluate(() => Number(document.activeElement.closest('[data-at]')?.dataset.at ?? -1));
    await until(async () => (await focused()) === 5, 'the sixth row');
    await page.keyboard.press('End');
    await until(async () => (await focused()) === 9999, 'the last row');
    assert.match(await page.locator('[data-at="9999"]').innerText(), /第0件|书香苑1号楼/);
    assert.equal(await page.locator('[data-at="9999"]').getAttribute('aria-setsize'), '10000');
    const foot = await page.locator('.main-pages').boundingBox();
    await until(async () => {
      const seen = await page.locator('[data-at="9999"]').boundingBox();
      return seen.y >= 0 && seen.y + seen.height - 16 < foot.y;
    }, 'the last row on the screen');
    await page.keyboard.press('PageUp');
    await until(async () => (await focused()) === 9991, 'eight rows up');
    await page.keyboard.press('Home');
    await until(async () => (await focused()) === 0, 'the first row again');

    // Rows never lie over each other, whatever their heights.
    const overlaps = await page.evaluate(() => {
      const boxes = [...document.querySelectorAll('.long-row[data-full]')].map((e) => e.getBoundingClientRect()).sort((a, b) => a.top - b.top);
      return boxes.filter((box, at) => at > 0 && box.top < boxes[at - 1].bottom - 1).length;
    });
    assert.equal(overlaps, 0);

    // Going back shows the list at once.
    await page.locator('[data-at="0"] a').press('Enter');
    await page.locator('.case-head').waitFor();
    await page.goBack();
    await rows(page).first().waitFor();
  },

  'filters are in the address, and Back, a reload and another language keep them; a text stays in the tab': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    bring(device, many(120));
    device.do(['visit', 'place=P1', 'result=normal']);
    const shut = device.one(['incident', 'category=env-garbage', 'address=撤回的这一件']).id;
    device.do(['withdraw', shut, '--why', '误报']);
    const ui = await device.ui();
    const page = await t.open(ui, { at: '#/cases' });
    const count = async (expected) =>
      until(async () => (await page.locator('.case-count').innerText()).startsWith(String(expected)), `${expected} cases`);
    await count(122);
    await page.getByText('已办结', { exact: true }).click();
    await count(1);
    await page.getByText('办理中', { exact: true }).click();
    await count(120);
    await page.getByRole('button', { name: '筛选' }).click();
    await t.accessible(page, 'filters');
    await page.getByLabel('类别').selectOption('env-trade');
    await count(40);
    await page.getByLabel('种类').selectOption('incident');
    await page.getByRole('button', { name: '看结果' }).click();
    await page.getByRole('searchbox').fill('第117件');
    await count(1);
    assert.match(page.url(), /category=env-trade/);
    assert.doesNotMatch(decodeURI(page.url()), /117/, 'the browser keeps addresses');
    await page.reload();
    await count(40);
    await page.getByRole('searchbox').fill('第117件');
    await count(1);
    await rows(page).first().click();
    await page.locator('.case-head').waitFor();
    await page.goBack();
    await count(1);
    assert.equal(await page.getByRole('searchbox').inputValue(), '第117件');
    await page.getByRole('searchbox').fill('没有这样的');
    await page.locator('.empty').waitFor();
    await t.shot(page, 'cases-nothing');
    await page.getByRole('button', { name: '看全部' }).click();
    await count(122);
    assert.equal(await page.getByRole('searchbox').inputValue(), '');
  },

  'list and map are one: what is chosen in one is chosen in the other': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    bring(device, many(30));
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'laptop', at: '#/cases' });
    await rows(page).first().waitFor();
    assert.ok(await page.locator('.case-map-beside').isVisible());
    await page.getByRole('button', { name: /在地图上看/ }).first().click();
    await page.locator('.case-list .case-row-selected').waitFor();
    assert.match(page.url(), /selected=/);
    await t.accessible(page, 'list and map');
    await t.shot(page, 'cases-laptop');
    const phone = await t.open(ui, { screen: 'small', at: '#/cases' });
    await phone.getByRole('button', { name: /在地图上看/ }).first().click();
    await phone.locator('.case-map').waitFor();
    await phone.locator('.case-map .case-row-selected').waitFor();
    assert.equal(await phone.locator('.case-list').count(), 0, 'one of them at a time');
    await t.fits(phone, 'map on a phone');
    await phone.getByText('列表', { exact: true }).click();
    await phone.locator('.case-list .case-row-selected').waitFor();
  },

  'drafts have a place of their own, and one that is thrown away can be taken back': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    for (let at = 0; at < 5; at++) device.do(['incident', 'category=env-garbage', `address=草稿里的${at}`, '--draft']);
    for (let at = 0; at < 50; at++) device.do(['incident', 'category=env-garbage', `address=记录${at}`]);
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small', at: '#/cases' });
    await page.getByText('草稿 5', { exact: true }).click();
    const drafts = page.locator('.case-drafts > li');
    await until(async () => (await drafts.count()) === 5, 'five drafts');
    await t.accessible(page, 'drafts');
    await drafts.first().getByRole('button', { name: '丢弃' }).click();
    await until(async () => (await drafts.count()) === 4, 'four');
    await page.getByRole('button', { name: '撤销' }).click();
    await until(async () => (await drafts.count()) === 5, 'five again');
    assert.equal(device.ask(['draft', 'list']).length, 5);
    await drafts.first().getByRole('button', { name: '丢弃' }).click();
    await until(() => device.ask(['draft', 'list']).length === 4, 'thrown away in the end', 15000);
    await page.getByRole('link', { name: '继续填写' }).first().click();
    await until(() => /#\/draft\/draft-\d/.test(page.url()), 'the draft');
  },

  'hostile text is shown in every field and does nothing': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const ids = HOSTILE.map((text) => {
      const { id } = device.one(['incident', 'category=env-garbage', `address=${text.slice(0, 180)}`, `description=${text}`, '--contact', text.slice(0, 60)]);
      device.do(['note', id, text]);
      return id;
    });
    const ui = await device.ui();
    for (const lang of ['zh', 'en']) {
      const page = await t.open(ui, { screen: 'small', lang, at: '#/cases' });
      await until(async () => (await rows(page).count()) === HOSTILE.length, 'all rows');
      await t.fits(page, 'hostile list');
      for (const [at, id] of ids.entries()) {
        await open(t, page, id);
        await t.fits(page, `hostile case ${at}`);
        const title = await page.title();
        assert.ok(!/^[12]$/.test(title), 'a script ran');
        assert.equal(await page.locator('main img[src="x"], main script').count(), 0);
        assert.ok((await page.locator('.fact-value').allInnerTexts()).some((text) => text.includes(HOSTILE[at].slice(2, 20))), 'shown as written');
      }
      await t.accessible(page, `hostile case, ${lang}`);
    }
  },

  'one case: proof, moves, photos, notes, a change taken back, duplicates, withdrawal': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const id = device.one(['incident', 'category=env-garbage', 'position=35.06,118.34', 'address=书香苑东门', '--contact', '王某', '--phone', '13800001111']).id;
    device.do(['photo', id, `${PHOTOS}/f1-exif.jpg:before`, `${PHOTOS}/f3-exif.jpg:after`]);
    device.do(['incident', 'category=env-garbage', 'position=35.0601,118.34', 'address=书香苑东门口']);
    device.sync();
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small', at: `#/case/${id}` });
    await page.locator('.case-head').waitFor();
    await t.accessible(page, 'a case');
    await t.fits(page, 'a case');
    await t.picture(page, 'case-zh');

    // Its proof is one touch away.
    await page.getByRole('button', { name: /核验凭据：第 \d+ 条/ }).click();
    await page.getByText(/第 \d+ 条，已核验/).waitFor();

    // Whom to call.
    assert.equal(await page.getByRole('link', { name: /拨打/ }).getAttribute('href'), 'tel:13800001111');

    // The photos, by keys; two and two.
    await page.locator('.photo-pairs').scrollIntoViewIfNeeded();
    await until(async () => (await page.locator('.photo-pairs img').count()) === 2, 'the pair');
    await page.locator('.photo-tile').first().click();
    await page.locator('.viewer-image').waitFor();
    assert.match(await page.locator('.viewer h2').innerText(), /处置前 · 1\/2/);
    await page.keyboard.press('ArrowRight');
    await until(async () => /处置后 · 2\/2/.test(await page.locator('.viewer h2').innerText()), 'the next photo');
    await t.accessible(page, 'the viewer');
    await page.keyboard.press('Escape');
    await page.locator('.viewer').waitFor({ state: 'detached' });
    assert.ok(await page.evaluate(() => document.activeElement.matches('.photo-tile')), 'the focus is where it was');

    // A note; half-typed text outlives news and a closed sheet.
    await page.getByRole('button', { name: '写备注' }).click();
    await page.getByRole('textbox', { name: '备注' }).fill('下午再去看');
    device.do(['set', id, 'urgency=priority']);
    await until(async () => /优先|较急|priority/.test(await page.locator('.case-facts').innerText()), 'the news');
    assert.equal(await page.getByRole('textbox', { name: '备注' }).inputValue(), '下午再去看');
    assert.ok(await page.evaluate(() => document.activeElement.matches('textarea')), 'the focus stays');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: '写备注' }).click();
    assert.equal(await page.getByRole('textbox', { name: '备注' }).inputValue(), '下午再去看');
    await page.getByRole('button', { name: '保存' }).click();
    await page.locator('.case-notes').getByText('下午再去看').waitFor();

    // A photo, by file.
    await page.getByRole('button', { name: '加照片' }).click();
    await page.getByText('近景', { exact: true }).click();
    await page.locator('.sheet input[type=file]').last().setInputFiles(`${PHOTOS}/f2-exif.jpg`);
    await page.getByText('已加 1 张').waitFor();
    await page.getByRole('button', { name: '好了' }).click();
    await until(() => device.one(['show', id]).photos.total === 3, 'three photos');
    assert.ok(device.one(['show', id]).sets.photo.some((photo) => photo.value.role === 'near'));

    // A field, changed and set back.
    await page.getByRole('link', { name: '更改地址' }).click();
    await page.locator('main textarea, main input[type=text], main input:not([type])').first().fill('书香苑西门');
    await page.getByRole('button', { name: '保存并待传' }).click();
    await until(() => device.one(['show', id]).fields.address === '书香苑西门', 'the new address');
    await page.getByRole('button', { name: '撤销' }).click();
    await until(() => device.one(['show', id]).fields.address === '书香苑东门', 'the old address');

    // The same thing, linked and unlinked.
    await page.getByRole('button', { name: '是同一件' }).click();
    await page.getByRole('button', { name: '不是同一件，取消关联' }).waitFor();
    await page.getByRole('button', { name: '不是同一件，取消关联' }).click();
    await page.getByRole('button', { name: '是同一件' }).waitFor();

    // Withdrawn for a reason, and seen for ever.
    await page.getByRole('button', { name: '撤回误报' }).click();
    const button = page.getByRole('button', { name: '撤回', exact: true });
    assert.ok(await button.isDisabled(), 'not without a reason');
    await page.getByLabel('理由（必填）').fill('看错了');
    await button.click();
    await page.getByText('已撤回：不再办理').waitFor();
    assert.ok(device.one(['show', id]).withdrawn);
    await page.locator('.story').getByText('看错了').waitFor();
  },
};

// Recording: three taps for an incident; nothing that was typed is ever lost; every kind from the
// one table; what is wrong is said beside its field.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { BIN, environment, claimPort, PHOTOS } from './world.mjs';
import { until } from './run.mjs';

const PHOTO = path.join(PHOTOS, 'sample1.jpg');
const file = (page) => page.locator('input[type=file]').last();
const button = (page, name) => page.getByRole('button', { name, exact: true });
const SAVE = '保存并待传';

/** Every key is kept: the mark beside the heading says so, and nothing is on its way. */
async function kept(page) {
  await page.locator('.kept').waitFor();
  await page.waitForFunction(() => !document.querySelector('.not-kept, .form-photo progress'));
}

async function saved(page) {
  await page.locator('.saved').waitFor();
  return page.evaluate(() => new URLSearchParams(location.hash.split('?')[1]).get('saved'));
}

/** The only draft of a device, when it holds what is looked for. */
const draft = (device, right) =>
  until(() => device.ask(['draft', 'list']).find((row) => right(row)), 'the draft');

/** A JPEG of many bytes: a real one, and a comment as long as need be behind it. */
function bigPhoto(bytes) {
  const real = fs.readFileSync(PHOTO);
  const parts = [real.subarray(0, 2)];
  for (let left = bytes - real.length; left > 0; left -= 60000) {
    const comment = Buffer.alloc(60000, 0x20);
    comment.writeUInt16BE(0xfffe, 0);
    comment.writeUInt16BE(60000 - 2, 2);
    parts.push(comment);
  }
  return Buffer.concat([...parts, real.subarray(2)]);
}

export const tests = {
  'an incident takes three taps: photo, category, save': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small', at: '#/new/incident', userAgent: 'Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile' });
    let taps = 0;
    const tap = async (target) => {
      taps++;
      await target.tap();
    };
    await t.picture(page, 'capture-new');
    await t.fits(page, 'new incident');
    const asked = page.waitForEvent('filechooser');
    await tap(page.locator('label.take-main'));
    const chooser = await asked;
    assert.equal(await chooser.element().getAttribute('capture'), 'environment');
    await chooser.setFiles(PHOTO);
    await page.locator('.photo-list img').waitFor();
    await tap(page.locator('.tiles .tile').first());
    await t.picture(page, 'capture-filled');
    await tap(button(page, SAVE));
    const id = await saved(page);
    assert.equal(taps, 3);
    await t.picture(page, 'capture-saved');
    await t.accessible(page, 'saved');
    const shown = device.one(['show', id]);
    assert.equal(shown.kind, 'incident');
    assert.equal(shown.delivery, 'waiting');
    assert.equal(shown.photos.total, 1);
    assert.equal(await page.locator('.saved-number').innerText(), shown.number);
    assert.deepEqual(device.ask(['draft', 'list']), []);
  },

  'what is typed outlives the death of the program and of the browser': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const ui = await device.ui();
    const page = await t.open(ui, { at: '#/new/meeting', screen: 'small' });
    assert.deepEqual(device.ask(['draft', 'list']), [], 'a page that nobody touched leaves no draft');
    await page.getByLabel('议题').pressSequentially('电动车充电', { delay: 5 });
    await page.getByRole('textbox', { name: '到会人数' }).pressSequentially('十二个');
    await file(page).setInputFiles(PHOTO);
    await page.locator('.photo-list img').waitFor();
    await page.getByLabel('到会人', { exact: true }).fill('王');
    const row = await draft(device, (one) => one.texts.topic === '电动车充电' && one.texts.attendee?.[0] === '王');
    await ui.end('SIGKILL');
    await page.context().close();
    assert.equal(row.texts.headcount, '十二个', 'what is wrong is kept as it was typed');

    const again = await device.ui();
    const next = await t.open(again, { at: `#/draft/${row.number}`, screen: 'small' });
    assert.equal(await next.getByLabel('议题').inputValue(), '电动车充电');
    assert.equal(await next.getByRole('textbox', { name: '到会人数' }).inputValue(), '十二个');
    assert.equal(await next.locator('.photo-list li').count(), 1);
    assert.match(await next.locator('.picked').innerText(), /王/);
    assert.match(await next.locator('[data-field=headcount] .problem').innerText(), /\S/);
    await t.shot(next, 'capture-draft-again');
    await button(next, SAVE).tap();
    await next.waitForFunction(() => document.activeElement?.closest('[data-field]')?.dataset.field === 'headcount');
    await next.getByRole('textbox', { name: '到会人数' }).fill('12');
    await button(next, SAVE).tap();
    const shown = device.one(['show', await saved(next)]);
    assert.equal(shown.fields.headcount, 12);
    assert.equal(shown.photos.total, 1);
  },

  'while the program does not answer one types on, and it is kept when it is back': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const port = String(await claimPort());
    const ui = await device.ui(['--port', port]);
    const quiet = (text) => /ERR_CONNECTION|401|Failed to load/.test(text);
    const page = await t.open(ui, { at: '#/new/notice', quiet });
    await page.getByLabel('标题').fill('停水');
    await draft(device, (one) => one.texts.title === '停水');
    await ui.end('SIGKILL');
    await page.getByLabel('正文').pressSequentially('周六上午停水', { delay: 5 });
    await page.locator('.not-kept').waitFor();
    await t.shot(page, 'capture-gone');
    await t.accessible(page, 'not kept');
    assert.equal(await page.getByLabel('正文').inputValue(), '周六上午停水');

    // It is started again; the window that it opens lets this one in, and what was typed is kept.
    const back = await device.ui(['--port', port]);
    const other = await page.context().newPage();
    t.watch(other, back, quiet);
    await other.goto(`file://${back.file}`);
    await draft(device, (one) => one.texts.text === '周六上午停水');
    assert.equal(device.ask(['draft', 'list']).length, 1);
  },

  'a window whose program crashed and was started anew elsewhere says what to do, and holds what was typed': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const ui = await device.ui();
    const quiet = (text) => /ERR_CONNECTION|Failed to load/.test(text);
    const page = await t.open(ui, { at: '#/new/notice', screen: 'small', quiet, permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByLabel('标题').fill('停水');
    await draft(device, (one) => one.texts.title === '停水');
    await ui.end('SIGKILL');
    await page.getByLabel('正文').pressSequentially('周六上午停水', { delay: 5 });

    // Another address: the old window never finds it, and is not found by it.
    const back = await device.ui();
    assert.notEqual(back.url, ui.url);
    const next = await t.open(back, { at: '#/draft', screen: 'small' });
    assert.deepEqual(device.ask(['draft', 'list']).map((one) => one.texts), [{ title: '停水' }]);
    await page.getByText(/已在另一个窗口重新打开，先把这一页的字复制过去/).waitFor();
    assert.equal(await page.getByLabel('正文').inputValue(), '周六上午停水', 'it stays where it was typed');
    await t.accessible(page, 'stale');
    await t.fits(page, 'stale');
    await t.shot(page, 'capture-stale');
    await button(page, '复制这一页的字').click();
    await button(page, '已复制').waitFor();
    const carried = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(carried, '标题：停水\n正文：周六上午停水');
    // Nor can it be closed unawares: the browser asks.
    const asked = new Promise((done) => page.once('dialog', (dialog) => {
      done(dialog.type());
      void dialog.dismiss();
    }));
    await page.close({ runBeforeUnload: true });
    assert.equal(await asked, 'beforeunload');
    // Each other page of the old window says it, too, and none of them is empty.
    await page.evaluate(() => (location.hash = '#/cases'));
    await page.getByText(/本机的巡格程序没有应答/).first().waitFor();
    assert.match(await page.locator('main').innerText(), /重新打开“巡格”/);

    await next.getByRole('link', { name: /停水/ }).first().click();
    await next.getByLabel('正文').fill(carried.split('：')[2]);
    await button(next, SAVE).tap();
    const shown = device.one(['show', await saved(next)]);
    assert.deepEqual([shown.fields.title, shown.fields.text], ['停水', '周六上午停水']);
    // A reload of the old one finds nothing, and does not take the new one's place.
    await back.end();
  },

  'of two windows on one draft the second is told, and may take over': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const ui = await device.ui();
    const first = await t.open(ui, { at: '#/new/notice' });
    await first.getByLabel('标题').fill('一');
    const { number } = await draft(device, (one) => one.texts.title === '一');
    const second = await t.open(ui, { at: `#/draft/${number}` });
    await second.getByLabel('标题').fill('二');
    await draft(device, (one) => one.texts.title === '二');
    await first.getByLabel('标题').fill('三');
    await first.getByText('另一个窗口').waitFor();
    await t.shot(first, 'capture-two');
    assert.equal(device.one(['show', number]).texts.title, '二');
    await button(first, '用这一页的盖过去').click();
    await draft(device, (one) => one.texts.title === '三');
    await second.getByLabel('标题').fill('四');
    await button(second, '看那边写的').click();
    await second.waitForFunction(() => document.querySelector('#f-title')?.value === '三');
  },

  'a first write whose answer is lost begins no second draft': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small', at: '#/new/notice', quiet: (said) => /ERR_FAILED|Failed to fetch/.test(said) });
    let cut = 0;
    await page.route('**/api/run', async (route) => {
      if (cut || !/"run":"draft write"/.test(route.request().postData() ?? '')) return route.continue();
      cut++;
      await route.fetch(); // it was written
      return route.abort();
    });
    await page.getByLabel('标题').fill('停水通知');
    await until(() => cut, 'the answer that is lost');
    await draft(device, (row) => row.texts.title === '停水通知');
    await page.getByLabel('标题').fill('停水通知，明天');
    await draft(device, (row) => row.texts.title === '停水通知，明天');
    assert.equal(device.ask(['draft', 'list']).length, 1);
  },

  'the position comes by itself, gets better, and makes no draft alone': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const ui = await device.ui();
    const page = await t.open(ui, { at: '#/cases', screen: 'small' });
    // What a receiver would say, in the words of `position --watch`; what the page makes of it is real.
    const fixes = [{ lat: 35.05, lon: 118.34, accuracy_m: 120 }, { lat: 35.0512, lon: 118.3412, accuracy_m: 35 }, { lat: 35.05123, lon: 118.34123, accuracy_m: 6 }];
    let told = 1;
    await page.route('**/api/run', (route) =>
      /"run":"position"/.test(route.request().postData() ?? '')
        ? route.fulfill({ body: `${fixes.slice(0, told).map((fix) => JSON.stringify(fix)).join('\n')}\n{"exit":0}\n` })
        : route.continue(),
    );
    await t.go(page, '#/new/incident');
    await page.getByText('精度差 ±120 米').waitFor();
    assert.deepEqual(device.ask(['draft', 'list']), [], 'a position alone is no draft');
    told = 3;
    await button(page, '重新定位').tap();
    await page.getByText('精度较好 ±6 米').waitFor();
    await page.locator('.tile').first().tap();
    await t.shot(page, 'capture-position');
    const row = await draft(device, (one) => one.fields.position?.accuracy_m === 6);
    // Opened again elsewhere, it does not take the place where one is then.
    told = 1;
    const later = await t.open(ui, { at: `#/draft/${row.number}`, screen: 'small' });
    await later.getByText('精度较好 ±6 米').waitFor();
    // On the map: what is picked has no accuracy, and stays.
    await button(later, '在地图上选').tap();
    await later.getByText('输入经纬度').tap();
    await later.locator('#place-typed').fill('35.0601, 118.3501');
    await button(later, '到那里').tap();
    await t.shot(later, 'capture-map');
    await t.accessible(later, 'the map');
    await button(later, '选好了').tap();
    await later.getByText('地图上选的位置').waitFor();
    // Typed, so it is that place, whatever the map does meanwhile.
    const picked = await draft(device, (one) => one.fields.position && one.fields.position.accuracy_m === undefined);
    assert.ok(Math.abs(picked.fields.position.lat - 35.0601) < 1e-5 && Math.abs(picked.fields.position.lon - 118.3501) < 1e-5, JSON.stringify(picked.fields.position));
    await button(later, '不带位置').tap();
    await draft(device, (one) => one.fields.position === undefined);
  },

  'photos: none that is none, a large one, its role, another one less': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const ui = await device.ui();
    const page = await t.open(ui, { at: '#/new/incident', screen: 'small' });
    await file(page).setInputFiles([
      { name: 'kitchen.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('a text, no photo') },
      { name: 'street.jpg', mimeType: 'image/jpeg', buffer: bigPhoto(12e6) },
    ]);
    const bad = page.locator('.photo-list li', { hasText: 'kitchen.jpg' });
    await bad.locator('.problem').waitFor();
    await page.locator('.photo-list select').waitFor();
    await t.shot(page, 'capture-photos');
    await t.accessible(page, 'photos');
    await t.fits(page, 'photos');
    await bad.getByRole('button', { name: '不要这张' }).tap();
    await page.locator('.photo-list select').selectOption('near');
    await draft(device, (one) => one.photos[0]?.role === 'near' && one.photos[0].bytes > 11e6);
    await page.getByLabel('别人转发的').tap();
    await draft(device, (one) => one.photos.length === 1 && one.photos[0].origin === 'forwarded');
    await file(page).setInputFiles(path.join(PHOTOS, 'f1-exif.jpg'));
    await draft(device, (one) => one.photos.length === 2);
    await button(page, '删掉第 2 张照片').tap();
    await draft(device, (one) => one.photos.length === 1);
    // The camera of the device, in the page itself.
    await button(page, '再拍一张').tap();
    await page.waitForFunction(() => document.querySelector('video')?.videoWidth > 0);
    await button(page, '拍').tap();
    await draft(device, (one) => one.photos.length === 2);
  },

  'a resident calls, and calls again: one contact': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const ui = await device.ui();
    const page = await t.open(ui, { at: '#/new/incident', screen: 'small' });
    await page.locator('.tile').first().tap();
    await button(page, '有居民反映').tap();
    await page.getByLabel('姓名').fill('王阿姨');
    await page.getByLabel('电话').fill('13800001111');
    await page.locator('.informant .choice').first().tap();
    await t.accessible(page, 'informant');
    await draft(device, (one) => one.informant.contact === '王阿姨' && one.informant.phone === '13800001111' && one.informant.consent === 'yes');
    await button(page, SAVE).tap();
    const first = device.one(['show', await saved(page)]);
    assert.equal(first.fields.channel, 'resident');
    await page.getByText('再记一条').tap();
    await page.locator('.tile').first().tap();
    await button(page, '有居民反映').tap();
    await page.getByLabel('电话').pressSequentially('138');
    await page.locator('.combo-list:visible [role=option]').first().tap();
    await page.locator('.known-caller').waitFor();
    await button(page, SAVE).tap();
    const second = device.one(['show', await saved(page)]);
    assert.equal(second.fields.contact, first.fields.contact);
  },

  'what was reported near here is shown before another is saved': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const code = device.one(['describe']).site.categories.find((one) => one.leaf && one.radius_m > 0).code;
    const old = device.one(['incident', `category=${code}`, 'position=35.0512,118.3412,6', 'address=东门', '--photo', PHOTO]).id;
    const ui = await device.ui();
    const page = await t.open(ui, { at: `#/new/incident?category=${code}&position=35.05121,118.34121,5`, screen: 'small' });
    await page.getByLabel('地址').fill('东门外');
    await page.locator('.near-box').waitFor();
    await t.shot(page, 'capture-near');
    assert.equal(await page.getByLabel('地址').inputValue(), '东门外');
    await t.accessible(page, 'near');
    await button(page, SAVE).tap();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'near');
    await page.getByRole('button', { name: '就是这一件' }).tap();
    await button(page, SAVE).tap();
    const id = await saved(page);
    await until(() => device.one(['show', id]).sets.same_as?.length || device.one(['show', old]).sets.same_as?.length, 'the link');
    // A mistake is taken back with a reason, and stays recorded.
    await button(page, '记错了，撤回').tap();
    await button(page, '重复了').tap();
    await button(page, '撤回').tap();
    await until(() => device.one(['show', id]).withdrawn, 'withdrawn');
  },

  'a visit: normal in one tap; abnormal opens an incident; the checklist asks what it asks': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const ui = await device.ui();
    const page = await t.open(ui, { at: '#/new/visit?place=shop-12', screen: 'small' });
    await page.getByText('正常', { exact: true }).tap();
    await button(page, SAVE).tap();
    assert.equal(device.one(['show', await saved(page)]).fields.result, 'normal');

    await t.go(page, '#/new/visit?place=shop-13');
    await page.getByText('异常', { exact: true }).tap();
    await button(page, '把异常报成事件').tap();
    await button(page, SAVE).tap();
    await page.locator('.opened .problem').first().waitFor();
    await t.shot(page, 'capture-visit');
    await page.locator('.opened .tile').first().tap();
    await page.locator('.opened textarea').fill('灭火器过期');
    const form = page.locator('.questions .choice').first();
    await form.tap();
    await button(page, SAVE).tap();
    await page.locator('.questions .problem').first().waitFor();
    await t.accessible(page, 'checklist');
    // Every question that is asked and needed gets its first answer.
    for (let left = 40; (await page.locator('.questions .problem').count()) > 0; left--) {
      assert.ok(left > 0, 'the questions come to an end');
      const box = page.locator('.questions [data-field]', { has: page.locator('.problem') }).first();
      if (await box.locator('.choice').count()) await box.locator('.choice').first().tap();
      else if (await box.locator('textarea').count()) await box.locator('textarea').fill('要求当天整改');
      else await box.locator('input').fill('1');
    }
    await button(page, SAVE).tap();
    const shown = device.one(['show', await saved(page)]);
    assert.ok(shown.fields.incident, 'the visit names the incident');
    assert.equal(device.one(['show', shown.fields.incident]).fields.description, '灭火器过期');
    assert.ok(shown.fields.form);
  },

  'every kind is recorded from the page': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small' });
    const { kinds } = device.one(['describe']);
    for (const kind of kinds.filter((one) => one.captured)) {
      await t.go(page, `#/new/${kind.name}`);
      await page.locator('.save').waitFor();
      await t.fits(page, kind.name);
      await t.accessible(page, kind.name);
      await t.shot(page, `capture-kind-${kind.name}`);
      let typed = false;
      for (const field of kind.fields.filter((one) => one.needed && !one.machine)) {
        const box = page.locator(`[data-field=${field.name}]`).first();
        if (await box.locator('.tile').count()) await box.locator('.tile').first().tap();
        else if (await box.locator('.choice').count()) await box.locator('.choice').first().tap();
        else await box.locator('input, textarea').first().fill(field.type === 'uint' ? '7' : field.type === 'code' ? 'shop-1' : '测试');
        typed = true;
      }
      if (!typed) await page.locator('[data-field=name] input').fill('某人');
      await kept(page);
      await button(page, SAVE).tap();
      const role = page.locator('.save-bar .trouble');
      const id = await Promise.race([saved(page), role.waitFor().then(async () => { throw new Error(`${kind.name}: ${await role.innerText()}`); })]);
      assert.equal(device.one(['show', id]).kind, kind.name);
    }
    assert.deepEqual(device.ask(['draft', 'list']), []);
  },

  'by keyboard alone, in English, on a laptop': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    device.do(['dispute', 'type=noise']);
    const ui = await device.ui();
    const page = await t.open(ui, { at: '#/new/dispute', screen: 'laptop', lang: 'en' });
    await page.locator('.save').waitFor();
    const press = (key) => page.keyboard.press(key);
    const at = () => page.evaluate(() => document.activeElement?.closest('[data-field]')?.dataset.field ?? document.activeElement?.innerText?.trim());
    const tabTo = async (name) => {
      for (let left = 80; (await at()) !== name; left--) {
        assert.ok(left > 0, `Tab never comes to ${name}`);
        await press('Tab');
      }
    };
    await tabTo('type');
    await page.getByRole('option', { name: /noise/ }).waitFor();
    await press('ArrowDown');
    await press('Enter');
    await tabTo('parties');
    await page.keyboard.type('Wu');
    await press('Enter');
    await page.keyboard.type('Huang');
    await press('Enter');
    await tabTo('description');
    await page.keyboard.type('Drilling at night');
    await tabTo('Save, to be sent');
    await press('Enter');
    const shown = device.one(['show', await saved(page)]);
    assert.equal(shown.fields.type, 'noise');
    assert.deepEqual(shown.fields.parties, ['Wu', 'Huang']);
    assert.equal(shown.fields.description, 'Drilling at night');
    await t.accessible(page, 'saved, in English');
  },

  'a full disk: what is not kept is said, and kept when there is room': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    // A small disk in a mount namespace of its own; it is reached through /proc.
    const home = path.join(world.folder, 'small');
    fs.mkdirSync(home);
    const child = spawn(
      'unshare',
      ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=24m tmpfs "$1" && cp -a "$2/." "$1" && exec "$3" --home "$1" --json ui --no-browser', 'sh', home, device.home, path.join(BIN, 'xunge')],
      { env: environment({ XDG_RUNTIME_DIR: world.folder }), stdio: ['ignore', 'pipe', 'inherit'] },
    );
    world.children.push(child);
    const ui = JSON.parse(await new Promise((resolve) => readline.createInterface({ input: child.stdout }).once('line', resolve)));
    const filler = `/proc/${child.pid}/root${home}/filler`;
    const page = await t.open(ui, { at: '#/new/notice', quiet: (text) => /507|Failed to load/.test(text) });
    await page.getByLabel('标题').fill('停水');
    await kept(page);
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k'], { stdio: 'ignore' });
    await page.getByLabel('正文').fill('周六停水。'.repeat(700));
    await page.locator('.trouble').waitFor();
    await t.shot(page, 'capture-full');
    assert.equal(await page.getByLabel('正文').inputValue(), '周六停水。'.repeat(700));
    fs.rmSync(filler);
    await page.locator('.trouble').waitFor({ state: 'detached' });
    await kept(page);
    await button(page, SAVE).click();
    await saved(page);
  },
};

// How many touches the main tasks take, from Home, for somebody who goes only by what is shown.
// More than is stated here is a step back; what a touch leads to must be seen where it happens.
import assert from 'node:assert/strict';
import path from 'node:path';
import { until } from './run.mjs';
import { Device, PHOTOS } from './world.mjs';

const PHOTO = path.join(PHOTOS, 'sample1.jpg');
const HANDHELD = 'Mozilla/5.0 (Linux; Android 14) Chrome/120 Mobile';
const SAVE = '保存并待传';

/** A finger that counts. */
function finger() {
  const tap = async (target) => {
    tap.count++;
    await target.tap();
  };
  tap.count = 0;
  return tap;
}

const button = (page, name) => page.getByRole('button', { name, exact: true });
const link = (page, name) => page.getByRole('link', { name });

async function handheld(t, at) {
  const world = await t.world();
  const device = world.enrol('a', 'w1');
  const ui = await device.ui();
  const page = await t.open(ui, { screen: 'small', userAgent: HANDHELD, at });
  return { world, device, ui, page };
}

/** Nothing of it lies outside the screen, or under a bar at the foot. */
async function seen(page, target, what) {
  const shown = () =>
    target.evaluate((element) => {
      const box = element.getBoundingClientRect();
      const bare = (y) => element.contains(document.elementFromPoint(box.left + box.width / 2, y));
      return box.top >= 0 && box.bottom <= innerHeight && bare(box.top + 3) && bare(box.bottom - 3);
    });
  await until(shown, `${what}, in sight,`, 3000);
}

export const tests = {
  'an incident with a photo: three touches from Home, the camera’s own aside': async (t) => {
    const { device, ui, page } = await handheld(t);
    const tap = finger();
    const asked = page.waitForEvent('filechooser');
    await tap(link(page, '记一条'));
    const chooser = await asked;
    assert.equal(await chooser.element().getAttribute('capture'), 'environment');
    await chooser.setFiles(PHOTO);
    await page.locator('.photo-list img').waitFor();
    await tap(button(page, '垃圾堆积').first());
    await seen(page, page.locator('.tile[aria-pressed=true]'), 'the category that was chosen');
    await tap(button(page, SAVE));
    await page.getByText('事件已保存').waitFor();
    assert.equal(tap.count, 3);
    assert.equal(device.one(['list', 'incident']).photos.total, 1);
    await ui.end();
  },

  'without a phone’s camera the page’s own opens at once: four, its shutter too': async (t) => {
    const world = await t.world();
    const ui = await world.enrol('a', 'w1').ui();
    const page = await t.open(ui, { screen: 'small' });
    const tap = finger();
    await tap(link(page, '记一条'));
    await page.waitForFunction(() => document.querySelector('video')?.videoWidth > 0);
    await tap(button(page, '拍'));
    await page.locator('.photo-list img').waitFor();
    await tap(button(page, '垃圾堆积').first());
    await tap(button(page, SAVE));
    await page.getByText('事件已保存').waitFor();
    assert.equal(tap.count, 4);
    await ui.end();
    const desk = await world.enrol('b', 'w2').ui();
    const at_desk = await t.open(desk, { screen: 'laptop' });
    await link(at_desk, '记一条').click();
    await button(at_desk, '拍照').waitFor();
    assert.equal(await at_desk.locator('video').count(), 0, 'at a desk the camera waits to be asked');
    await desk.end();
  },

  'another kind of record: two touches to its form': async (t) => {
    const { ui, page } = await handheld(t);
    const tap = finger();
    await tap(link(page, '别的种类'));
    await tap(link(page, '走访'));
    await page.getByText('新的走访').waitFor();
    assert.equal(tap.count, 2);
    await ui.end();
  },

  'what a save lacks is said in sight; large text leaves the form in sight': async (t) => {
    const { ui, page } = await handheld(t, '#/new/incident');
    await button(page, SAVE).tap();
    const fault = page.getByText('请填写类别。');
    await fault.waitFor();
    await seen(page, fault, 'what is missing');
    await button(page, '有居民反映').tap();
    await page.waitForFunction(() => document.activeElement?.id === 'f-contact');
    await t.go(page, '#/settings');
    await page.getByText('200%').tap();
    await t.go(page, '#/new/incident');
    const address = page.getByLabel('地址');
    await address.tap();
    await seen(page, address, 'the field that is typed into, at 200 %');
    await t.go(page, '#/patrol');
    await t.fits(page, 'patrol at 200 %');
    const wide = await page.locator('.choice').evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().right > innerWidth).length);
    assert.equal(wide, 0, 'grids’ names are not cut');
    await ui.end();
  },

  'the same caller again: four touches and one letter, the list not under a bar': async (t) => {
    const { device, ui, page } = await handheld(t);
    device.do(['incident', 'category=env-garbage', 'channel=resident', '--contact', '李大妈', '--phone', '13800001111'], { codes: null });
    await t.go(page, '#/new/incident');
    const tap = finger();
    await tap(page.locator('.tiles .tile').first());
    await tap(button(page, '有居民反映'));
    await page.getByLabel('姓名').fill('李');
    const option = page.locator('.combo-list:visible [role=option]').first();
    await option.waitFor();
    await seen(page, option, 'the caller');
    await tap(option);
    await tap(button(page, SAVE));
    await page.getByText('事件已保存').waitFor();
    assert.equal(tap.count, 4);
    await ui.end();
  },

  'is it received, and its proof: three touches from Home': async (t) => {
    const { device, ui, page } = await handheld(t);
    const { id } = device.one(['incident', 'category=env-garbage', 'address=通达路120号']);
    device.sync();
    const tap = finger();
    await tap(link(page, '案件'));
    const row = page.locator(`a[href$="/case/${id}"]`);
    await row.waitFor();
    await tap(row);
    await page.getByText('文字已收到').first().waitFor();
    await tap(button(page, /核验凭据/));
    await page.getByText(/日志第 \d+ 条，已核验/).waitFor();
    assert.equal(tap.count, 3);
    await ui.end();
  },

  'a wrong address: three touches from the case, and it is said what it is now': async (t) => {
    const { device, ui, page } = await handheld(t);
    const { id } = device.one(['incident', 'category=env-garbage', 'address=通达路120号']);
    await t.go(page, `#/case/${id}`);
    const tap = finger();
    await tap(link(page, '更改地址'));
    // Not the link to it, which is named so, too.
    const typed = page.locator('input, textarea').and(page.getByLabel('地址'));
    await typed.waitFor(); // the case itself has a head, too
    const head = page.locator('.case-head').first();
    assert.equal((await head.innerText()).split('通达路120号').length, 2, 'the address is said once');
    await tap(typed);
    await typed.fill('通达路122号');
    await tap(button(page, SAVE));
    await page.getByText('地址现在是“通达路122号”').waitFor();
    assert.equal(await page.getByText('已成定局').count(), 0);
    assert.equal(tap.count, 3);
    await until(() => device.one(['show', id]).fields.address === '通达路122号', 'the address');
    await ui.end();
  },

  'what a report lacks can be filled in later': async (t) => {
    const { device, ui, page } = await handheld(t);
    const { id } = device.one(['incident', 'category=env-garbage']);
    await t.go(page, `#/case/${id}`);
    const tap = finger();
    await tap(page.getByText('补填没有写的'));
    await tap(link(page, /^地址$/));
    await page.getByLabel('地址').fill('沂蒙路7号');
    await tap(button(page, SAVE));
    await page.getByText('地址现在是“沂蒙路7号”').waitFor();
    assert.equal(tap.count, 3);
    assert.equal(device.one(['show', id]).fields.address, '沂蒙路7号');
    await ui.end();
  },

  'a patrol: two touches begin it, two end it; without a fix it does not say that it records a track': async (t) => {
    const { ui, page } = await handheld(t);
    const tap = finger();
    await tap(link(page, '巡查'));
    await tap(button(page, '开始巡查'));
    await button(page, '结束巡查').waitFor();
    assert.equal(tap.count, 2);
    await page.getByText('没有定位：现在记不了轨迹').waitFor();
    assert.equal(await page.getByText('轨迹在记录').count(), 0);
    await tap(button(page, '结束巡查'));
    await tap(button(page, '结束并保存'));
    await button(page, '开始巡查').waitFor();
    assert.equal(tap.count, 4);
    await ui.end();
  },

  'a person without a name is one code, not two; half a code to join with says so': async (t) => {
    const { world, ui, page } = await handheld(t, '#/me/handover');
    const options = await page.locator('select option').allInnerTexts();
    assert.ok(options.includes('w2'), `w2 is offered: ${options}`);
    assert.ok(!options.some((text) => /^(.+)（\1）$/.test(text)), `no code twice: ${options}`);
    await ui.end();
    const fresh = await new Device(world, 'new').ui();
    const join = await t.open(fresh, { screen: 'small' });
    await join.getByLabel('入网码').fill('xg1abcdef');
    await join.getByText('还不完整').waitFor();
    await join.getByLabel('入网码').fill(world.code('w2'));
    await button(join, '加入').tap();
    await join.getByText('已加入指挥中心').waitFor();
    await fresh.end();
  },
};

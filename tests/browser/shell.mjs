// What holds of every page: it can be read, touched and understood, on each kind of screen, in both
// languages and all themes; and nothing stands in the way of the worker.
import assert from 'node:assert/strict';

export const PAGES = ['#/', '#/new/incident', '#/cases', '#/conflicts', '#/patrol', '#/due', '#/notices', '#/sync', '#/me', '#/settings'];

/** Long words, an empty rest: what a page has to bear. */
async function livedIn(t) {
  const world = await t.world();
  const device = world.enrol('a', 'w1');
  device.do(['incident', 'category=env-garbage', 'urgency=urgent', 'address=解放路与沂蒙路交汇处东南角书香苑小区三号楼二单元门前的绿化带', `description=${'垃圾满溢，异味重，居民多次反映。'.repeat(20)}`]);
  device.do(['dispute', 'type=邻里噪声', 'parties=吴某', 'parties=黄某某', 'description=夜间装修']);
  device.do(['incident', 'category=env-trade', '--draft']);
  return { world, device };
}

export const tests = {
  'every page, empty and lived in, on each screen, reads and fits': async (t) => {
    const { device } = await livedIn(t);
    const empty = (await t.world()).enrol('b', 'w2');
    for (const [home, one] of Object.entries({ lived: device, empty })) {
      const ui = await one.ui();
      for (const screen of home === 'empty' ? ['small'] : ['small', 'tablet', 'laptop', 'desk']) {
        const page = await t.open(ui, { screen, lang: screen === 'laptop' ? 'en' : 'zh' });
        for (const at of PAGES) {
          await t.go(page, at);
          await t.fits(page, `${home} ${screen} ${at}`);
          await t.shot(page, `shell-${home}-${screen}-${at.replace(/\W+/g, '-')}`);
        }
        await page.context().close();
      }
      await ui.end();
    }
  },

  'no page, in no theme, violates WCAG 2.2 AA': async (t) => {
    const { device } = await livedIn(t);
    const ui = await device.ui();
    for (const theme of ['light', 'dark', 'sunlight']) {
      const page = await t.open(ui, { screen: 'small', lang: theme === 'dark' ? 'en' : 'zh', theme });
      for (const at of PAGES) {
        await t.go(page, at);
        await t.accessible(page, `${theme} ${at}`);
      }
      await page.context().close();
    }
    await ui.end();
  },

  'text at twice its size is not cut off': async (t) => {
    const { device } = await livedIn(t);
    device.do(['settings', 'text_scale=200']);
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small' });
    for (const at of PAGES) {
      await t.go(page, at);
      await t.fits(page, `200 % ${at}`);
      await t.shot(page, `shell-200-${at.replace(/\W+/g, '-')}`);
    }
    await ui.end();
  },

  'the main pages can be come to by keyboard alone, and Back goes back': async (t) => {
    const { device } = await livedIn(t);
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'laptop' });
    for (const path of ['#/cases', '#/sync', '#/me']) {
      for (let tries = 0; ; tries++) {
        assert.ok(tries < 80, `${path} is reached with Tab`);
        await page.keyboard.press('Tab');
        const at = await page.evaluate(() => {
          const box = document.activeElement;
          return { href: box?.getAttribute('href'), ring: box ? getComputedStyle(box).outlineStyle : '' };
        });
        if (at.href === path) {
          assert.notEqual(at.ring, 'none', `${path}: the focus is seen`);
          break;
        }
      }
      await page.keyboard.press('Enter');
      await page.waitForFunction((hash) => location.hash === hash, path);
    }
    await page.goBack();
    assert.equal(await page.evaluate(() => location.hash), '#/sync');
    await ui.end();
  },
};

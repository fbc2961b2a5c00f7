// The inbox, a case, intake, the queue and what is printed: clean for readers of the screen in each
// theme, in both languages, on each screen; and hostile text in each field does nothing.
import assert from 'node:assert/strict';
import path from 'node:path';
import { DISTRICT, ENFORCEMENT } from './office.mjs';
import { until } from './run.mjs';
import { PHOTOS } from './world.mjs';

const HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>\u202Eسلام{{1+1}}\u200B"\'`\\ %00 ../..';

/** A case that has everything: photos, who told, a whistle with units that came, a supervision, a twin. */
function full(world, device) {
  const { id } = device.one(['incident', 'category=env-garbage', 'urgency=urgent', `address=${HOSTILE}`, `description=${HOSTILE}${'长'.repeat(600)}`, 'position=35.05,118.35', '--photo', `${path.join(PHOTOS, 'has-lens-info.jpg')}:before`, '--contact', HOSTILE, '--phone', '13800000000']);
  device.do(['incident', 'category=env-garbage', 'address=旁边', 'position=35.05001,118.35']);
  device.do(['note', id, HOSTILE]);
  device.sync();
  const act = (who, move, ...words) => world.server(['do', world.data, id, move, ...words, '--as', who, '--unsigned']);
  act('d9', 'accept');
  act('d9', 'file');
  act('d9', 'dispatch', `unit=${ENFORCEMENT}`, `why=${HOSTILE}`);
  act('h9', 'sign');
  act('s9', 'supervise', `why=${HOSTILE}`);
  return id;
}

function people(world) {
  world.operator('d9', HOSTILE.slice(0, 40), 'dispatcher', DISTRICT);
  world.operator('s9', '周敏', 'supervisor', DISTRICT);
  world.operator('h9', '孙磊', 'handler', ENFORCEMENT);
}

const PAGES = ['#/', '#/case/ID', '#/case/ID/do/supervise', '#/intake', '#/cases', '#/print/order/ID', '#/print/supervise/ID', '#/print/ledger?case=1'];

async function each(t, page, id, pages, where, what) {
  for (const at of pages.map((one) => one.replace('ID', id))) {
    await t.go(page, at);
    await what(`${where} ${at.replace(id, 'ID')}`);
  }
}

/** Nothing is wider than the screen, no control beyond its side or under 24 px. */
async function fits(page, where) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${where}: ${wide} px too wide`);
  const over = await page.evaluate(() =>
    [...document.querySelectorAll('.case-column, .desk-list, .desk-pane, .intake-columns > *')].flatMap((column) =>
      [...column.querySelectorAll('*')]
        .filter((e) => e.checkVisibility() && !e.closest('.table-box, .versions-box, .graph, .map, .hidden-words, .long-row'))
        .filter((e) => e.getBoundingClientRect().right > column.getBoundingClientRect().right + 1)
        .map((e) => `${column.className}: ${e.tagName}.${e.className}`),
    ),
  );
  assert.deepEqual(over.slice(0, 5), [], `${where}: beyond its column`);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll('a[href], button, select, input:not([type=file]), textarea, summary')]
      .filter((e) => e.checkVisibility() && !e.closest('p, dd, .map-box, .skip, .hidden-words, .versions, .linked') && !e.matches('.skip, .hidden-words'))
      .map((e) => [e, e.getBoundingClientRect()])
      .filter(([, box]) => box.width > 0 && (box.height < 23.5 || box.width < 23.5))
      .map(([e, box]) => `${e.tagName} "${(e.innerText || e.ariaLabel || e.name || '').slice(0, 30)}" ${Math.round(box.width)}×${Math.round(box.height)}`),
  );
  assert.deepEqual(small, [], `${where}: targets under 24 px`);
}

export const tests = {
  'each page reads and fits, in each theme, language and on each screen': async (t) => {
    const world = await t.world();
    people(world);
    const id = full(world, world.enrol('a', 'w1'));
    for (const [screen, lang, theme, pages] of [
      ['laptop', 'zh', 'light', PAGES],
      ['small', 'en', 'dark', PAGES.slice(0, 6)],
      ['desk', 'en', 'sunlight', PAGES.slice(0, 4)],
    ]) {
      const page = await t.desk(world, 'd9', { screen, lang, theme });
      await each(t, page, id, pages, `${screen} ${lang} ${theme}`, async (where) => {
        await until(async () => (await page.locator('.busy').count()) === 0, 'read');
        await t.shot(page, `look-${where.replace(/\W+/g, '-')}`);
        await t.accessible(page, where);
        await fits(page, where);
        assert.doesNotMatch(await page.title(), /^[12]$/, 'markup of a report is text');
      });
      await page.context().close();
    }
  },
};

// Conflicts between two devices, through a real server: side by side, decided with a reason, taken
// back; and what happens when somebody else was quicker.
import assert from 'node:assert/strict';
import { until } from './run.mjs';

function settle(...devices) {
  for (let round = 0; round < 2; round++) for (const device of devices) device.sync();
}

async function two(t) {
  const world = await t.world();
  const a = world.enrol('a', 'w1');
  const b = world.enrol('b', 'w2');
  const id = a.one(['incident', 'category=env-garbage', 'address=水车沟路1号', 'urgency=normal']).id;
  settle(a, b);
  return { world, a, b, id };
}

/** Both change it without having seen the other. */
function atOdds(a, b, id, mine = 'address=乙路1号', theirs = 'address=丙路2号东侧') {
  a.do(['set', id, mine]);
  b.do(['set', id, theirs]);
  settle(a, b);
}

const address = (device, id) => device.one(['show', id]).fields.address;
const left = (device, id) => device.ask(['conflicts', id], { codes: [0, 5] }).length;

/** The version that says this. */
/** The one that says it, not one that was written after it. */
const versionOf = (page, text) =>
  page.locator('.version', { has: page.locator('.version-says', { hasText: text }) }).getByRole('radio');

export const tests = {
  'one field at once: chosen, with a reason, and taken back': async (t) => {
    const { a, b, id } = await two(t);
    atOdds(a, b, id);
    const ui = await a.ui();
    const page = await t.open(ui, { screen: 'small', at: '#/cases' });
    await page.getByRole('link', { name: /1 件有冲突/ }).click();
    await page.locator('.case-drafts a.card').waitFor();
    assert.match(await page.locator('.case-drafts').innerText(), /地址[^]*乙路1号|丙路2号东侧[^]*互相没看到/);
    await t.accessible(page, 'the list of conflicts');
    await t.fits(page, 'the list of conflicts');
    await page.locator('.case-drafts a.card').click();
    await page.locator('.version').first().waitFor();
    assert.equal(await page.locator('.version').count(), 2);
    const text = await page.locator('.versions-stack').innerText();
    for (const part of ['乙路1号', '丙路2号东侧', 'w2', '我', '水车沟路1号', '暂时显示']) assert.ok(text.includes(part), `${part} in ${text}`);
    // What is the same in both is dimmed: what they had before them.
    assert.ok((await page.locator('.version-same').allInnerTexts()).some((one) => one.includes('水车沟路1号')));
    await t.accessible(page, 'versions on a phone');
    await t.fits(page, 'versions on a phone');
    await t.picture(page, 'conflict-zh');

    const decide = page.getByRole('button', { name: '决定', exact: true });
    assert.ok(await decide.isDisabled());
    await versionOf(page, '乙路1号').check();
    assert.ok(await decide.isDisabled(), 'not without a reason');

    // Turned and loaded again, nothing is chosen otherwise, and nothing was decided.
    await page.setViewportSize({ width: 900, height: 400 });
    await page.locator('table.versions').waitFor();
    assert.ok(await page.locator('th', { has: page.locator('input:checked') }).isVisible());
    await t.accessible(page, 'versions side by side');
    await page.setViewportSize({ width: 360, height: 640 });
    await page.reload();
    await page.locator('.version').first().waitFor();
    assert.ok(await versionOf(page, '乙路1号').isChecked());
    assert.equal(left(a, id), 1);

    // News about another field take neither focus nor text.
    await page.getByLabel('理由（必填）').fill('现场核');
    b.do(['note', id, '备注']);
    b.sync();
    a.sync();
    await page.getByLabel('理由（必填）').press('End');
    await page.keyboard.type('对');
    await page.waitForTimeout(600);
    assert.equal(await page.getByLabel('理由（必填）').inputValue(), '现场核对');
    await decide.click();
    await page.locator('.decided').waitFor();
    assert.equal(address(a, id), '乙路1号');
    assert.equal(left(a, id), 0);
    const before = a.one(['show', id]).records;
    const other = page.getByRole('button', { name: '撤销这个决定' });
    if (await other.count()) {
      await other.click();
      await until(() => address(a, id) === '丙路2号东侧', 'the value that was shown before');
      assert.equal(a.one(['show', id]).records, before + 1, 'taken back by a new record');
    } else {
      // It was the one that was shown: decided otherwise, from what was decided.
      await page.getByRole('button', { name: '改这个决定' }).click();
      await versionOf(page, '丙路2号东侧').check();
      await page.getByLabel('理由（必填）').fill('再核对');
      await page.getByRole('button', { name: '决定', exact: true }).click();
      await until(() => address(a, id) === '丙路2号东侧', 'the other value');
    }
    settle(a, b);
    assert.equal(address(b, id), '丙路2号东侧');
    assert.equal(left(b, id), 0);
    assert.ok(JSON.stringify(b.ask(['history', id])).includes('现场核对'));
  },

  'another value, by keys alone, in English': async (t) => {
    const { a, b, id } = await two(t);
    atOdds(a, b, id, 'urgency=urgent', 'urgency=priority');
    const ui = await a.ui();
    const page = await t.open(ui, { screen: 'laptop', lang: 'en', at: `#/conflicts/${id}` });
    await page.locator('table.versions').waitFor();
    assert.deepEqual(
      await page.locator('table.versions').evaluate((table) => [table.querySelectorAll('thead th[scope=col]').length, [...table.querySelectorAll('tbody tr')].every((row) => row.querySelector('th[scope=row]'))]),
      [2, true],
    );
    const radio = page.getByRole('radio', { name: /None is right/ });
    for (let at = 0; at < 60 && !(await radio.evaluate((e) => e === document.activeElement)); at++) await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await page.keyboard.press('n'); // of the select: normal
    await page.keyboard.press('Tab');
    await page.keyboard.type('seen on the spot');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.locator('.decided').waitFor();
    assert.equal(a.one(['show', id]).fields.urgency, 'normal');
    assert.ok(await page.evaluate(() => document.activeElement.matches('.decided')), 'the focus is on what was decided');
    await t.accessible(page, 'decided');
    await t.shot(page, 'conflict-decided-en');
  },

  'somebody else decides meanwhile, and it is said': async (t) => {
    const { a, b, id } = await two(t);
    atOdds(a, b, id);
    const ui = await a.ui();
    const page = await t.open(ui, { at: `#/conflicts/${id}` });
    await page.locator('.version').first().waitFor();
    const { sides } = b.ask(['conflicts', id], { codes: [5] })[0];
    b.do(['resolve', id, 'address', '--take', sides[0].hash, '--why', '社区核定']);
    settle(b, a);
    await page.getByText(/这期间w2.*已决定“地址”/).waitFor();
    assert.equal(await page.locator('.decide').count(), 0);
    await t.shot(page, 'conflict-meanwhile');
  },

  'withdrawn while another edits; a step that came too late': async (t) => {
    const { a, b, id } = await two(t);
    a.do(['withdraw', id, '--why', '误报']);
    b.do(['set', id, 'address=其实在这里']);
    const late = b.one(['incident', 'category=env-garbage', 'address=两人都办']).id;
    settle(b, a, b);
    b.do(['do', late, 'self_handle', '--why', '没有照片']);
    a.do(['do', late, 'self_handle', '--why', '我也办了']);
    b.sync();
    settle(a, b);
    const ui = await a.ui();
    const page = await t.open(ui, { screen: 'small', at: `#/conflicts/${id}` });
    await page.getByText('一方撤回，一方同时还在修改。').waitFor();
    await page.getByRole('radio', { name: '撤回', exact: true }).check();
    await page.getByLabel('理由（必填）').fill('确是误报');
    await page.getByRole('button', { name: '决定', exact: true }).click();
    await page.locator('.decided').waitFor();
    assert.equal(a.one(['show', id]).withdrawn, true);
    await page.getByRole('button', { name: '撤销这个决定' }).click();
    await until(() => a.one(['show', id]).withdrawn === false, 'not withdrawn any more');

    await t.go(page, `#/conflicts/${late}`);
    await page.getByText(/晚了一步/).waitFor();
    await t.accessible(page, 'overtaken');
    await t.shot(page, 'conflict-overtaken');
    await page.getByRole('radio', { name: '保持现状' }).check();
    await page.getByLabel('理由（必填）').fill('办过一次就够');
    await page.getByRole('button', { name: '决定', exact: true }).click();
    await page.locator('.decided').waitFor();
    assert.equal(left(a, late), 0);
    // The history tells of the step that did not count, and why.
    await t.go(page, `#/case/${late}`);
    await page.locator('.story-effect', { hasText: '晚了一步' }).waitFor();
    await t.shot(page, 'case-overtaken');
  },
};

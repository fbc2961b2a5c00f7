// The command centre as the tests of its console find it: who works there, cases as far along as a
// test needs them, and what is done at a page again and again.
import { until } from './run.mjs';

export const DISTRICT = '371302';
export const STREET = '371302001';
export const ENFORCEMENT = '371302-cg';
export const GAS = '371302-zj';

/** By their codes. */
const STAFF = {
  d9: ['陈静', 'dispatcher', DISTRICT],
  d8: ['李强', 'dispatcher', DISTRICT],
  j9: ['王海燕', 'dispatcher', STREET],
  s9: ['周敏', 'supervisor', DISTRICT],
  h9: ['孙磊', 'handler', ENFORCEMENT],
  r9: ['吴磊', 'registrar', DISTRICT],
};

/** A world where these work at the centre. */
export async function staffed(t, ...codes) {
  const world = await t.world();
  for (const code of codes) world.operator(code, ...STAFF[code]);
  return world;
}

/** By commands: dispatched by d9, signed for by h9. */
export function handOver(world, id, ...more) {
  for (const move of ['accept', 'file']) world.act('d9', id, move);
  world.act('d9', id, 'dispatch', `unit=${ENFORCEMENT}`, ...more);
  world.act('h9', id, 'sign');
}

// ---- what the commands tell ----

export const shown = (world, id) => world.serverAsk(['show', world.data, id])[0];
export const status = (world, id, wanted) => until(() => shown(world, id).status === wanted, wanted);
export const countOf = (world, ...flags) => world.serverAsk(['list', world.data, '--case', ...flags, '--count'])[0].count;

// ---- what is on a page ----

export const rows = (page) => page.locator('.desk-row');
export const bar = (page) => page.locator('.held-bar');
export const option = (page, text) => page.locator('.combo-list').getByRole('option', { name: text }).first();

// ---- what is done there ----

/** What waits in the bar is done at once. */
export const now = (page) => bar(page).getByRole('button', { name: '现在就办' }).first().click();
export const done = (page, text) => page.locator('.notice', { hasText: text }).waitFor({ timeout: 60000 });

/** All that is listed, by one key. */
export async function selectAll(page, count) {
  await page.keyboard.press('A');
  await page.locator('.bulk', { hasText: `已选 ${count} 件` }).waitFor();
}

/** The page of a case, with its moves there. */
export async function openCase(t, page, id) {
  await t.go(page, `#/case/${id}`);
  await page.locator('.move-bar').waitFor();
}

/** A form's button, with what is asked filled in. */
export async function fillIn(page, fill = async () => undefined) {
  const panel = page.locator('form.act-panel');
  await panel.waitFor();
  await fill(panel);
  // A list that is about to close would have the button move away under the pointer.
  await panel.locator('.combo-list:not([hidden])').first().waitFor({ state: 'detached' });
  await panel.locator('button[type=submit]').click();
  await panel.waitFor({ state: 'detached' });
}

/** A move by its button, and its form. */
export async function move(page, name, fill) {
  await page.locator('.move-bar .button', { hasText: name }).first().click();
  await fillIn(page, fill);
}

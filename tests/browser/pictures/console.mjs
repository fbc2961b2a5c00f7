// The operators' handbook's pictures, from a district that has been at work for weeks
// (packaging/district.py), which XG_DISTRICT names: too long in the making for every run of the
// tests. What the pictures show is tested by console_*.mjs.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { World } from '../world.mjs';

/** Its pages, each by what tells that it is there. */
const PAGES = {
  inbox: ['#/', '.desk-pane, .desk-map'],
  attention: ['#/attention', '.matter'],
  supervision: ['#/supervision', '.table tbody tr'],
  figures: ['#/figures', '.table tbody tr'],
  patrols: ['#/patrols', '.table tbody tr'],
  review: ['#/review', '.review-part'],
};

/** A world whose server is a copy of that district. */
async function district(t) {
  const from = process.env.XG_DISTRICT;
  assert.ok(from, 'XG_DISTRICT names a folder that packaging/district.py made');
  const world = new World();
  t.worlds.push(world);
  fs.rmSync(world.data, { recursive: true });
  fs.cpSync(path.join(from, 'server'), world.data, { recursive: true });
  await world.start();
  return world;
}

/** A case that shows most: a result with photos from before and after. */
function tellingCase(world) {
  const rows = world.serverAsk(['list', world.data, 'incident', '--status', 'handled', '--status', 'closed', '--limit', '100']);
  const best = rows.sort((a, b) => (b.photos?.total ?? 0) - (a.photos?.total ?? 0) || (b.records ?? 0) - (a.records ?? 0))[0];
  return best.id;
}

export const tests = {
  'pictures of the console': async (t) => {
    const world = await district(t);
    const id = tellingCase(world);
    for (const lang of ['zh', 'en']) {
      // A second login by a one-time key ends the first.
      const quiet = (text) => /"code":"auth"/.test(text);
      const page = await t.desk(world, 'zx01', { lang, screen: 'laptop', at: '#/attention', quiet });
      for (const [name, [at, there]] of Object.entries({ ...PAGES, case: [`#/case/${id}`, '.photo-tile, .thumb'] })) {
        await t.go(page, at);
        await page.locator(there).first().waitFor();
        await page.waitForTimeout(1500); // thumbnails
        await t.picture(page, `console-${name}-${lang}`);
      }
      const admin = await t.desk(world, 'dj01', { lang, screen: 'laptop', at: '#/admin/people', quiet });
      await t.picture(admin, `console-admin-${lang}`);
    }
  },
};

// The page in Debian's Chromium, driven by playwright-core.
//
//     node tests/browser/run.mjs SUBJECT [PART OF A TEST'S NAME]
//
// SUBJECT.mjs beside this file exports tests: `export const tests = {'what holds': async (t) => …}`.
// Each test has a world of its own (t.world()) and opens pages with t.open(ui, options). For every
// page, and without being asked, a test fails when the console says an error, when the policy
// refused something, when a script threw, or when a request went anywhere but to its own program.
//
// XG_SHOTS: a folder for pictures (t.shot); XG_FAILED: one for those of failures alone; XG_PICTURES:
// the handbook's folder (t.picture). XG_CHROMIUM: which browser, other than the whole one.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { SOURCE, World } from './world.mjs';

const need = createRequire(path.join(SOURCE, 'tests/npm/package.json'));
const { chromium } = need('playwright-core');
const AXE = fs.readFileSync(need.resolve('axe-core/axe.min.js'), 'utf8');

export const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

/** What of axe looks at colours. */
const COLOUR_RULES = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

export const PASSWORD = 'correct horse 1';

/** Kinds of screen: what a worker holds, and what stands on a desk. */
export const SCREENS = {
  small: { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true },
  phone: { viewport: { width: 412, height: 892 }, hasTouch: true, isMobile: true },
  tablet: { viewport: { width: 800, height: 1280 }, hasTouch: true, isMobile: true },
  laptop: { viewport: { width: 1280, height: 800 } },
  desk: { viewport: { width: 1920, height: 1080 } },
};

class Test {
  constructor(name, browser) {
    this.name = name;
    this.browser = browser;
    this.worlds = [];
    this.contexts = [];
    this.faults = [];
  }

  async world({ serve = true } = {}) {
    const world = new World();
    this.worlds.push(world);
    if (serve) await world.start();
    return world;
  }

  /** A new window on a page's server. `screen`, `lang`, `theme` ('light', 'dark', 'sunlight'), more
   * of playwright's context options. `quiet`: faults of the console are the test's to judge. */
  async open(ui, { screen = 'phone', lang = 'zh', theme, at, quiet, ...more } = {}) {
    const context = await this.browser.newContext({
      ...SCREENS[screen],
      locale: lang === 'zh' ? 'zh-CN' : 'en-GB',
      timezoneId: 'Asia/Shanghai',
      colorScheme: theme === 'dark' ? 'dark' : 'light',
      reducedMotion: 'reduce',
      permissions: ['camera'],
      ...more,
    });
    this.contexts.push(context);
    const page = await context.newPage();
    this.watch(page, ui, quiet);
    // The file is what `xunge ui` would have opened in the browser.
    await page.goto(`file://${ui.file}`);
    await page.waitForURL((url) => url.origin === ui.url);
    await page.locator('h1').first().waitFor();
    if (theme === 'sunlight') await page.evaluate(() => (document.documentElement.dataset.theme = 'sunlight'));
    if (theme) assert.equal(await this.themeOf(page), theme, 'the theme that is asked for');
    if (at) await this.go(page, at);
    return page;
  }

  /** An operator's window on the world's console, logged in by a one-time key of hers. */
  async desk(world, code, { screen = 'laptop', lang = 'zh', theme, at, quiet, once, ...more } = {}) {
    const context = await this.browser.newContext({
      ...SCREENS[screen],
      locale: lang === 'zh' ? 'zh-CN' : 'en-GB',
      timezoneId: 'Asia/Shanghai',
      colorScheme: theme === 'dark' ? 'dark' : 'light',
      reducedMotion: 'reduce',
      ignoreHTTPSErrors: true,
      ...more,
    });
    this.contexts.push(context);
    if (theme === 'sunlight') await context.addInitScript(() => localStorage.setItem('xunge-theme', 'sunlight'));
    const page = await context.newPage();
    this.watch(page, world.console, quiet);
    await page.goto(`${world.console.url}/#once=${once ?? world.once(code)}`);
    const passwords = page.locator('input[type=password]');
    await passwords.nth(1).waitFor();
    for (const nth of [0, 1]) await passwords.nth(nth).fill(PASSWORD);
    await page.locator('button[type=submit]').click();
    await page.locator('.menu').waitFor();
    if (theme) assert.equal(await this.themeOf(page), theme, 'the theme that is asked for');
    if (at) await this.go(page, at);
    else await this.settled(page);
    return page;
  }

  watch(page, ui, quiet) {
    const fault = (text) => !ui.ended && !quiet?.(text) && this.faults.push(text);
    page.on('pageerror', (error) => fault(`script: ${error.stack ?? error}`));
    page.on('console', (message) => {
      // What a request was answered with is said below, with its words.
      if (message.type() === 'error' && !/^Failed to load resource/.test(message.text()))
        fault(`console: ${message.text()}`);
    });
    page.on('response', async (response) => {
      if (response.status() < 400 || !response.url().startsWith(ui.url)) return;
      const asked = response.request().postData() ?? response.request().headers()['xunge-call'] ?? '';
      const said = await response.text().catch(() => '');
      fault(`${response.status()} ${new URL(response.url()).pathname} ${asked.slice(0, 200)}: ${said.slice(0, 300)}`);
    });
    page.on('request', (request) => {
      const url = request.url();
      if (!/^(data|blob|file|about):/.test(url) && new URL(url).origin !== ui.url)
        this.faults.push(`a request left the device: ${url}`);
    });
  }

  /** Another page of the same tab: '#/cases'. */
  async go(page, at) {
    await page.evaluate((hash) => (location.hash = hash), at);
    await page.waitForFunction((hash) => location.hash === hash, at);
    await page.locator('h1').first().waitFor();
    await this.settled(page);
  }

  /** What was asked for is there, and is drawn. (The page never falls idle: it hears events.) */
  async settled(page) {
    await page.waitForFunction(() => !document.querySelector('.busy, .long-blank, [aria-busy=true]'));
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  }

  /** No violation of WCAG 2.2 AA in what is shown now; of `rules` alone, where they are given. */
  async accessible(page, where, rules) {
    if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
    const found = await page.evaluate(
      (only) =>
        globalThis.axe.run(document, {
          runOnly: only ?? ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
          // fits() asks for twice as much; this one takes what is scrolled behind a bar for small.
          rules: { 'target-size': { enabled: false } },
        }),
      rules,
    );
    const said = found.violations.map(
      (v) => `${v.id}: ${v.help}\n${v.nodes.slice(0, 4).map((n) => `    ${n.target} ${n.failureSummary ?? ''}`).join('\n')}`,
    );
    assert.deepEqual(said, [], `${where}: axe`);
  }

  /** The theme that a page is in: `auto` is one of them, too. */
  themeOf(page) {
    return page.evaluate(() => document.documentElement.dataset.theme);
  }

  /** Clean in every theme that it may be shown in. From one to the other only colours change. */
  async inThemes(page, where) {
    assert.equal(await this.themeOf(page), 'light');
    await this.accessible(page, where);
    for (const theme of ['dark', 'sunlight']) {
      await page.evaluate((name) => (document.documentElement.dataset.theme = name), theme);
      // Colours pass over in no time, but one step of the tree after the other.
      await page.waitForFunction(() => document.getAnimations().length === 0);
      await this.accessible(page, `${where}, ${theme}`, COLOUR_RULES);
    }
    await page.evaluate(() => (document.documentElement.dataset.theme = 'light'));
  }

  /** Nothing is cut off at the side, and what is touched is large enough: for gloves, or on the
   * console for a finger. */
  async fits(page, where, least = 48) {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${where}: ${wide} px too wide`);
    const small = await page.evaluate((px) =>
      [...document.querySelectorAll('a[href], button, select, input:not([type=file]), textarea, summary')]
        .filter((e) => e.checkVisibility() && !e.closest('p, .map-box, .skip, .choice, [aria-hidden=true]') && !e.matches('.skip'))
        .map((e) => [e, e.getBoundingClientRect()])
        .filter(([, box]) => box.width > 0 && (box.height < px - 0.5 || box.width < px - 0.5))
        .map(([e, box]) => `${e.tagName} "${(e.innerText || e.ariaLabel || e.name || '').slice(0, 30)}" ${Math.round(box.width)}×${Math.round(box.height)}`),
    least);
    assert.deepEqual(small, [], `${where}: targets under ${least} px`);
    const outside = await page.evaluate(() =>
      [...document.querySelectorAll('a[href], button, select, input:not([type=file]), textarea, summary')]
        .filter((e) => e.checkVisibility() && !e.matches('.skip'))
        .map((e) => [e, e.getBoundingClientRect()])
        .filter(([, box]) => box.width > 0 && (box.left < -0.5 || box.right > innerWidth + 0.5))
        .map(([e]) => `${e.tagName} "${(e.innerText || e.ariaLabel || '').slice(0, 30)}"`),
    );
    assert.deepEqual(outside, [], `${where}: beyond the side of the screen`);
  }

  async shot(page, name, folder = process.env.XG_SHOTS) {
    if (!folder) return;
    fs.mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
  }

  /** One of the handbook's pictures. */
  async picture(page, name) {
    await this.shot(page, name);
    if (!process.env.XG_PICTURES) return;
    fs.mkdirSync(process.env.XG_PICTURES, { recursive: true });
    await page.waitForTimeout(1000); // a tap fades, thumbnails come
    await page.screenshot({ path: path.join(process.env.XG_PICTURES, `${name}.png`) });
  }

  async close() {
    for (const context of this.contexts) await context.close().catch(() => undefined);
    for (const world of this.worlds) await world.close();
  }
}

/** Wait until `what` gives something true. */
export async function until(what, text = 'it', ms = 20000) {
  for (const stop = Date.now() + ms; ; await new Promise((r) => setTimeout(r, 50))) {
    const value = await what();
    if (value) return value;
    if (Date.now() > stop) throw new Error(`${text} did not come within ${ms / 1000} s`);
  }
}

async function main([subject, part]) {
  const { tests } = await import(path.join(SOURCE, 'tests/browser', `${subject}.mjs`));
  const browser = await chromium.launch({ executablePath: process.env.XG_CHROMIUM ?? '/usr/bin/chromium', args: ARGUMENTS });
  let failed = 0;
  for (const [name, run] of Object.entries(tests)) {
    if (part && !name.includes(part)) continue;
    const test = new Test(name, browser);
    const begun = Date.now();
    try {
      await run(test);
      assert.deepEqual(test.faults, [], 'faults of the page');
      console.log(`ok   ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed++;
      console.log(`FAIL ${name}\n${error.stack ?? error}`);
      if (test.faults.length) console.log(`  also: ${test.faults.join('\n  ')}`);
      const page = test.contexts.at(-1)?.pages().at(-1);
      const folder = process.env.XG_SHOTS ?? process.env.XG_FAILED;
      if (page) await test.shot(page, `failed-${subject}-${name.replace(/\W+/g, '-')}`, folder).catch(() => undefined);
    } finally {
      await test.close();
    }
  }
  await browser.close();
  process.exitCode = failed ? 1 : 0;
}

if (process.argv[1] === new URL(import.meta.url).pathname)
  void main(process.argv.slice(2)); // not awaited: the subjects import this file

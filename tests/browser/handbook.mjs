// The device of a worker in the middle of a day, as the handbook shows it: every state of which it
// speaks is there, in the words that it uses, in both languages. The handbook's pictures are made
// by the same run (README.md of docs/handbook/pictures).
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { until } from './run.mjs';
import { receiver } from './patrol.mjs';
import { Device, PHOTOS } from './world.mjs';

const GRID = '371302001001-j1';
const HALL = path.join(PHOTOS, 'sample1.jpg');
const RIVER = path.join(PHOTOS, 'jhead/with_xmp.jpg');
/** Corners of a walk through the grid. */
const WALK = [[35.0604, 118.3306], [35.0604, 118.3331], [35.0617, 118.3331], [35.0617, 118.3312], [35.0625, 118.3312]];
const STEP_S = 5;
const STEPS = 110;
/** A fix is three lines. It stands at the end of its walk for as long as the test may last. */
const LINE_S = 0.03;
const STANDING = 2000;

const sum = (text) => [...text].reduce((all, sign) => all ^ sign.charCodeAt(0), 0).toString(16).toUpperCase().padStart(2, '0');
const minutes = (degrees, digits) => `${String(Math.floor(degrees)).padStart(digits, '0')}${((degrees % 1) * 60).toFixed(4).padStart(7, '0')}`;

/** What a receiver says that was carried along WALK, a fix each STEP_S, told at once, and then
 * stands where it ended. */
function walked(file) {
  const lines = [];
  const end_ms = Date.now() + STEPS * 3 * LINE_S * 1000;
  for (let at = 0; at <= STEPS + STANDING; at++) {
    const way = (Math.min(at, STEPS) / STEPS) * (WALK.length - 1);
    const [from, to] = [WALK[Math.floor(way)], WALK[Math.min(Math.floor(way) + 1, WALK.length - 1)]];
    const [lat, lon] = [0, 1].map((axis) => from[axis] + (to[axis] - from[axis]) * (way % 1));
    const time = new Date(end_ms + (at - STEPS) * 1000 * (at < STEPS ? STEP_S : 3 * LINE_S)).toISOString();
    const clock = time.slice(11, 22).replaceAll(':', '');
    const date = `${time.slice(8, 10)}${time.slice(5, 7)}${time.slice(2, 4)}`;
    const place = `${minutes(lat, 2)},N,${minutes(lon, 3)},E`;
    for (const body of [`GPGGA,${clock},${place},1,09,0.6,65.0,M,0.0,M,,`, 'GPGSA,A,3,04,05,09,12,17,20,24,25,29,,,,1.2,0.6,1.0', `GPRMC,${clock},A,${place},2.3,90.0,${date},,,A`])
      lines.push(`$${body}*${sum(body)}\r\n`);
  }
  fs.writeFileSync(file, lines.join(''));
}

/** Until everybody has what the others wrote. */
function settle(...devices) {
  for (let round = 0; round < 2; round++) for (const device of devices) device.sync();
}

/** The same picture as another file: a comment stands behind its first marker. */
function another(world, photo, comment) {
  const bytes = fs.readFileSync(photo);
  const text = Buffer.from(comment);
  const head = Buffer.from([0xff, 0xfe, 0, text.length + 2]);
  const file = path.join(world.folder, `${comment}.jpg`);
  fs.writeFileSync(file, Buffer.concat([bytes.subarray(0, 2), head, text, bytes.subarray(2)]));
  return file;
}

/** An hour from now at the site's clock, on this day: sooner than the limit of any case, so that
 * the first page shows it at every hour. */
const soon = () => {
  const at = (ms) => new Date(ms + 8 * 3600e3).toISOString().slice(0, 16);
  const [now, later] = [at(Date.now()), at(Date.now() + 3600e3)];
  return later.slice(0, 10) === now.slice(0, 10) ? later : `${now.slice(0, 10)}T23:59`;
};

async function livedIn(t) {
  const due = soon();
  const world = await t.world();
  const zhang = world.enrol('zhang-wei', 'w1');
  const wang = world.enrol('wang-fang', 'w2');
  const li = world.enrol('li-na', 'c1');
  const desk = world.enrol('desk', 'd1');

  li.do(['notice', 'title=防汛值守通知', 'text=今晚有大雨，请各网格巡查地下车库和低洼楼院，22 点前报平安。', `grid=${GRID}`]);
  li.do(['task', 'title=核对独居老人名单', `due=${due}+08:00`, `grid=${GRID}`]);
  li.do(['subject', 'list=place', 'name=东门液化气站', 'every_days=7', `grid=${GRID}`, 'position=35.0621,118.3319']);
  li.do(['subject', 'list=person', 'name=孙某某', 'every_days=7', `grid=${GRID}`]);

  // In hand, with a limit that runs: reported, sent out to the grid, taken on.
  const hand = zhang.one(['incident', 'category=env-garbage', 'urgency=priority', 'address=金雀山路12号', 'description=垃圾满溢到路面，气味很大，居民多次反映。', 'position=35.0611,118.3322', '--photo', `${HALL}:near`, '--photo', `${RIVER}:far`, '--contact', '王某', '--phone', '13800000000', '--consent', 'yes']).id;
  // Settled on the spot: a photo from before, one from after.
  const spot = zhang.one(['incident', 'category=safe-fire', 'urgency=normal', 'address=书香苑3号楼2单元', 'description=楼道堆放纸箱和旧家具', 'position=35.0616,118.3315']).id;
  zhang.do(['do', spot, 'self_handle', '--photo', `${HALL}:before`, '--photo', `${RIVER}:after`]);
  // Two wrote an address, neither had seen the other's.
  const odds = zhang.one(['incident', 'category=env-manhole-loose', 'urgency=urgent', 'address=水车沟路1号', 'description=井盖松动，有响声', 'position=35.0607,118.3327']).id;
  zhang.do(['visit', 'place=P00017', 'result=normal', 'note=灭火器压力正常']);
  settle(zhang, desk, wang);
  for (const move of [['accept'], ['file'], ['dispatch', `unit=${GRID}`]]) desk.do(['do', hand, ...move]);
  settle(desk, zhang, wang);
  zhang.do(['do', hand, 'sign']);
  zhang.do(['set', odds, 'address=水车沟路1号东侧']);
  wang.do(['set', odds, 'address=水车沟路3号门前']);
  settle(zhang, wang, li);
  zhang.sync();
  world.server(['device', 'allow', world.data, zhang.one(['status']).device, 'w2']);
  zhang.sync();

  // From here on there is no network.
  await world.stop();
  zhang.do(['incident', 'category=env-trade', 'urgency=normal', 'address=东门早市', 'description=占道经营，已劝离', 'position=35.06245,118.33115', '--photo', `${another(world, RIVER, 'market')}:near`]);
  zhang.do(['dispute', 'type=邻里噪声', 'parties=吴某', 'parties=黄某某', 'description=夜间装修噪声', '--draft']);
  const track = path.join(world.folder, 'walk.nmea');
  walked(track);
  zhang.env.XUNGE_GPSD = (await receiver(t, track, LINE_S)).address;
  // Its recorder lives by itself: it is ended whatever becomes of the test.
  const close = world.close.bind(world);
  world.close = () => (zhang.try(['patrol', 'stop']), close());
  zhang.do(['patrol', 'start', '--every', '1']);
  const ui = await zhang.ui();
  await until(() => zhang.one(['patrol', 'day']).patrols[0]?.distance_m > 300, 'a way of 300 m', 60000);
  return { world, zhang, ui, hand, odds, due };
}

const top = (page) => page.evaluate(() => scrollTo(0, 0));

/** Words that a person reads: the texts of what is shown, and the names of what is drawn. What is
 * not there is told at the end, all at once. */
const missing = [];
async function says(page, name, words) {
  const text = () => page.evaluate(() => document.body.innerText + [...document.querySelectorAll('[aria-label]')].map((e) => `\n${e.ariaLabel}`).join(''));
  // Only what is near the window is in the document of a long list: it is gone through.
  const further = () => page.evaluate(() => scrollTo(0, scrollY + innerHeight >= document.documentElement.scrollHeight - 2 ? 0 : scrollY + innerHeight / 2));
  for (const word of words)
    await until(async () => (await text()).includes(word) || void (await further()), word, 15000).catch(() => missing.push(`${name}: ${word}`));
  await top(page);
}

/** Bring it under the bar at the top. */
async function under(page, what) {
  await what.first().waitFor();
  await what.first().evaluate((e) => scrollTo(0, e.getBoundingClientRect().top + scrollY - 72));
}

/** Pages that are only looked at: [name, address, words in Chinese, in English]. */
const LOOKED_AT = (ids) => [
  ['home', '#/', ['记一条', '今天要办', '核对独居老人名单', '巡查中', '1 条通知未读', '待传'], ['Record', 'To do today', 'On patrol', '1 notice not read', 'waiting to go']],
  ['due', '#/due', ['重点场所', '东门液化气站', '还没有走访过', '任务', ids.due.slice(11)], ['Due', '东门液化气站', ids.due.slice(11)]],
  ['notices', '#/notices', ['防汛值守通知', '未读', '已阅'], ['防汛值守通知', 'not read']],
  ['cases', '#/cases', ['占道经营', '文字已收到', '待传', '剩余', '照片 1/1 仅在本机', '1 处冲突待决定'], ['text received', 'waiting to go', 'photos: 1 of 1 only here', '1 to decide']],
  ['do', `#/case/${ids.hand}/do/finish`, ['办理结果'], ['what was done']],
  ['conflict', `#/conflicts/${ids.odds}`, ['版本 A', '版本 B', '水车沟路1号东侧', '水车沟路3号门前', '理由（必填）'], ['Version A', 'Version B', '水车沟路3号门前']],
  ['patrol', '#/patrol', ['巡查中，轨迹在记录', '路程', '误差约', '结束巡查', '东门液化气站'], ['distance', 'good fix', 'End the patrol', '东门液化气站']],
  ['sync', '#/sync', ['现在同步', '待传', '照片仅在本机', '没有网络：用U盘'], ['Sync now', 'Waiting to go', 'Photos only here', 'No network: use a stick']],
  ['handover', '#/me/handover', ['交给接任的人', '接前任的', '交给谁'], ['Hand over to a successor', 'Accept from a predecessor']],
  ['mine', '#/me/mine', ['记录了我什么', '巡查', '走访'], ['What is recorded about me', 'Patrols', 'Visits']],
  ['me', '#/me', ['本机使用人', '交接', 'PIN 和口令', '设置'], ["This device's worker", 'Handover', 'PIN and passphrase', 'Settings']],
  ['settings', '#/settings', ['亮度和颜色', '强光下', '字的大小', '自动同步', '离线地图'], ['Light and colours', 'sunlight', 'Size of text', 'Offline maps']],
];

/** A case with its proof: what the centre has, and how this device knows. */
async function proven(t, page, lang, { hand }) {
  await t.go(page, `#/case/${hand}`);
  await page.locator('.case-head').waitFor();
  await says(page, 'case', lang === 'zh' ? ['文字已收到', '照片 2 张已收到', '剩余', '走完的环节 4 个，都按时', '现在可以做', '经过'] : ['text received', '2 photos received', 'left', '4 stages done, in time']);
  await t.picture(page, `case-${lang}`);
  const proof = page.locator('.proof-box button');
  await proof.click();
  await page.locator('.proof-good').waitFor();
  await says(page, 'proof', lang === 'zh' ? ['指挥中心日志', '，已核验'] : ['In the log of the centre', ', verified']);
  await top(page);
  await t.picture(page, `proof-${lang}`);
}

/** Recording by touch: photo, category, save; something of the kind is near. */
async function recorded(t, page, lang, zhang, world) {
  await page.evaluate(() => (location.hash = '#/new/incident'));
  await page.locator('.tile').first().waitFor();
  await page.locator('input[type=file]').last().setInputFiles(another(world, RIVER, `seen-${lang}`));
  await page.locator('.photo-list img').waitFor();
  await page.locator('.tile', { hasText: lang === 'zh' ? '占道经营' : 'street trade' }).first().tap();
  await says(page, 'capture', lang === 'zh' ? ['存草稿', '保存并待传', '草稿已存', '±'] : ['Keep as draft', 'Save, to be sent', '±']);
  await top(page);
  await t.picture(page, `capture-${lang}`);
  await page.getByRole('button', { name: lang === 'zh' ? '保存并待传' : 'Save, to be sent', exact: true }).tap();
  await page.locator('.saved, #near').first().waitFor();
  if (await page.locator('#near').count()) {
    await under(page, page.locator('#near'));
    await t.picture(page, `near-${lang}`);
    await page.getByRole('button', { name: lang === 'zh' ? '都不是，是新的一件' : 'None of them: a new one' }).tap();
    await page.getByRole('button', { name: lang === 'zh' ? '保存并待传' : 'Save, to be sent', exact: true }).tap();
  }
  await page.locator('.saved').waitFor();
  await says(page, 'saved', lang === 'zh' ? ['断电也不会丢', '待传', '照片 1/1 仅在本机'] : ['safe even from a power cut', 'waiting to go', 'photos: 1 of 1 only here']);
  assert.equal(zhang.ask(['list', 'incident', '--limit', '1'])[0].delivery, 'waiting');
  await top(page);
  await t.picture(page, `saved-${lang}`);
}

export const tests = {
  'a day, as the handbook tells it': async (t) => {
    const { world, zhang, ui, ...ids } = await livedIn(t);
    for (const lang of ['zh', 'en']) {
      const page = await t.open(ui, { lang });
      for (const [name, at, zh, en] of LOOKED_AT(ids)) {
        await t.go(page, at);
        await says(page, name, lang === 'zh' ? zh : en);
        await t.picture(page, `${name}-${lang}`);
      }
      await proven(t, page, lang, ids);
      await recorded(t, page, lang, zhang, world);
      await page.context().close();
      const wide = await t.open(ui, { lang, screen: 'laptop', at: `#/cases?selected=${ids.hand}` });
      await says(wide, 'cases beside the map', ['金雀山路12号']);
      await wide.locator('.map-scale').waitFor();
      await t.picture(wide, `laptop-${lang}`);
      await wide.context().close();
    }

    // What is recorded about her can be answered where it stands.
    const about = await t.open(ui, { at: '#/me/mine' });
    const unanswered = () => zhang.one(['mine']).flags.filter((flag) => !flag.answered).length;
    const before = unanswered();
    await about.getByRole('button', { name: '说明情况' }).first().tap();
    await about.getByLabel('我的说明').fill('照片是从旧手机转来的，位置和时间是原来的。');
    await about.getByRole('button', { name: '保存并待传' }).tap();
    await until(() => unanswered() < before, 'the answer to a flag');
    await about.context().close();

    // No network is no alarm; with one, all that waited is received.
    const page = await t.open(ui, { at: '#/sync' });
    await page.getByRole('button', { name: '现在同步' }).tap();
    await page.getByText('现在连不上中心').waitFor();
    await says(page, 'no network', ['现在连不上中心', '待传']);
    await t.picture(page, 'offline-zh');
    await world.start();
    await page.getByRole('button', { name: '现在同步' }).tap();
    await page.getByText(/中心已收到/).first().waitFor();
    await t.picture(page, 'synced-zh');
    assert.deepEqual(zhang.ask(['list']).filter((row) => !['received', 'draft'].includes(row.delivery) && row.kind !== 'patrol'), []);
    await ui.end();
    assert.deepEqual(missing.splice(0), []);
  },

  'before the first record, and behind a passphrase': async (t) => {
    const world = await t.world();
    const device = new Device(world, 'new');
    const ui = await device.ui();
    for (const [lang, words] of [['zh', ['加入指挥中心', '入网码', '这里没有网络？']], ['en', ['Join the command centre', 'No network here?']]]) {
      const page = await t.open(ui, { lang });
      await says(page, 'join', words);
      await t.picture(page, `join-${lang}`);
      await page.context().close();
    }
    device.do(['enrol', world.code('w1')]);
    device.sync();
    for (const [lang, words] of [['zh', ['记一条', '第一次用？']], ['en', ['Record', 'Here for the first time?']]]) {
      const page = await t.open(ui, { lang });
      await says(page, 'first', words);
      await t.picture(page, `first-${lang}`);
      await page.context().close();
    }
    await ui.end();
    device.do(['passphrase', 'set'], { input: '老槐树 blue 37 坡道\n' });
    const locked = await device.ui();
    for (const [lang, words] of [['zh', ['已上锁', '解锁', '存救援包']], ['en', ['Locked', 'Unlock', 'Save a rescue bundle']]]) {
      const page = await t.open(locked, { lang });
      await says(page, 'locked', words);
      await t.picture(page, `locked-${lang}`);
      await page.context().close();
    }
    await locked.end();
    assert.deepEqual(missing.splice(0), []);
  },
};

// A server and devices in one folder, for tests that drive them through the page.
//
//     FOLDER/server        the server's data
//     FOLDER/NAME          the home of the device NAME
//
// The site is 临沂兰山 as tests/data/lanshan has it. Everything is on the loopback, on ports that
// the system chose; a world ends what it started, by process id, and nothing else.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

export const SOURCE = process.env.XG_SOURCE ?? path.resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');
export const BIN = process.env.XG_BIN ?? path.join(SOURCE, 'build-ci/bin');
export const PHOTOS = path.join(SOURCE, 'tests/data/jpeg');
const SITE = path.join(SOURCE, 'tests/data/lanshan');
const FILES = {
  levels: 'levels.csv',
  territory: 'territory.csv',
  catalogue: 'catalogue.csv',
  duty: 'duty.csv',
  posts: 'posts.csv',
  labels: 'labels.csv',
  template: 'templates.json',
  boundaries: 'boundaries.geojson',
};
/** [code, name, role, unit]: who is at this site. */
export const PEOPLE = [
  ['w1', '张伟', 'worker', '371302001001-j1'],
  ['w2', '王芳', 'worker', '371302001001-j1'],
  ['c1', '李娜', 'community', '371302001001'],
  ['d1', '赵强', 'dispatcher', '371302'],
];

export function environment(more = {}) {
  const keep = {};
  for (const [name, value] of Object.entries(process.env))
    if (/^(PATH|TMPDIR|[AUL]+SAN_OPTIONS|XUNGE_PAGE|XUNGE_CONSOLE_PAGE)$/.test(name)) keep[name] = value;
  return { ...keep, LC_ALL: 'C.UTF-8', HOME: '/nonexistent', NO_PROXY: '*', no_proxy: '*', ...more };
}

/** Run to the end; throws where the exit status is none of `codes`. */
export function run(argv, { input, codes = [0], env } = {}) {
  const done = spawnSync(argv[0], argv.slice(1), {
    input: input ?? '',
    env: environment(env),
    maxBuffer: 256 << 20,
    timeout: 120000,
  });
  const out = done.stdout?.toString() ?? '';
  if (codes && !codes.includes(done.status))
    throw new Error(`${argv.join(' ')}: exit ${done.status}\n${out}${done.stderr}${done.error ?? ''}`);
  // A photo is kept without a small picture where none could be made in time: said here, and not
  // by a test that misses it on a page.
  const small = /.*photo\.thumbnail.*/.exec(done.stderr?.toString() ?? '');
  if (small) throw new Error(`${argv.join(' ')}: ${small[0]}`);
  return { code: done.status, out, err: done.stderr?.toString() ?? '' };
}

const jsonLines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

/** End a process that we started, and wait for it. */
export async function end(child, signal = 'SIGTERM') {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 20000);
  await gone;
  clearTimeout(timer);
}

/** The first lines that a process prints. */
function firstLines(child, what, count) {
  return new Promise((resolve, reject) => {
    const heard = [];
    const lines = readline.createInterface({ input: child.stdout });
    lines.on('line', (line) => heard.push(line) === count && resolve(heard));
    child.once('exit', (code) => reject(new Error(`${what} ended with ${code}`)));
  });
}

const firstLine = async (child, what) => (await firstLines(child, what, 1))[0];

export class Device {
  constructor(world, name, env) {
    this.world = world;
    this.name = name;
    this.home = path.join(world.folder, name);
    this.env = env ?? {};
  }

  /** `xunge WORDS` on this home. */
  try(words, options = {}) {
    return run([path.join(BIN, 'xunge'), '--home', this.home, ...words], {
      codes: null,
      ...options,
      env: { ...this.env, ...options.env },
    });
  }

  do(words, options = {}) {
    return run([path.join(BIN, 'xunge'), '--home', this.home, ...words], {
      ...options,
      env: { ...this.env, ...options.env },
    });
  }

  /** The lines of its JSON answer. */
  ask(words, options) {
    return jsonLines(this.do(['--json', ...words], options).out);
  }

  one(words, options) {
    const lines = this.ask(words, options);
    if (lines.length !== 1) throw new Error(`${words.join(' ')}: ${lines.length} lines`);
    return lines[0];
  }

  sync(codes = [0]) {
    return this.do(['sync', '--json'], { codes });
  }

  /** Start the page's server: {url, file, child}. One at a time. */
  async ui(words = []) {
    const child = spawn(path.join(BIN, 'xunge'), ['--home', this.home, '--json', 'ui', '--no-browser', ...words], {
      env: environment({ XDG_RUNTIME_DIR: this.world.folder, ...this.env }),
      stdio: ['ignore', 'pipe', fs.openSync(path.join(this.world.folder, `${this.name}-ui.log`), 'a')],
    });
    this.world.children.push(child);
    const ready = JSON.parse(await firstLine(child, 'xunge ui'));
    const ui = { ...ready, child, ended: false };
    ui.end = (signal) => {
      ui.ended = true; // what its pages are told from here on is no fault
      return end(child, signal);
    };
    return ui;
  }
}

export class World {
  constructor() {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'xunge-browser-'));
    this.data = path.join(this.folder, 'server');
    this.children = [];
    this.port = 0; // both claimed at the first start
    this.console_port = 0;
    this.console = null;
    this.serving = null;
    this.server(['init', this.data, '--origin', 'lanshan.example', '--host', '127.0.0.1']);
    for (const [kind, file] of Object.entries(FILES))
      this.server([kind, 'import', this.data, path.join(SITE, file), '--edition', 'lanshan']);
    this.server(['calendar', 'import', this.data, path.join(SOURCE, 'tests/data/china/holidays-2026.json')]);
    for (const [code, name, role, unit] of PEOPLE)
      this.server(['worker', 'add', this.data, code, '--name', name, '--role', role, '--unit', unit]);
  }

  server(words, options) {
    return run([path.join(BIN, 'xunge-server'), ...words], options);
  }

  serverAsk(words, options) {
    return jsonLines(this.server([...words, '--json'], options).out);
  }

  /** With the operators' console, this.console: {url}. */
  async start(words = []) {
    this.port ||= await claimPort();
    this.console_port ||= await claimPort();
    const child = spawn(
      path.join(BIN, 'xunge-server'),
      ['serve', this.data, '--listen', `127.0.0.1:${this.port}`, '--console', `127.0.0.1:${this.console_port}`, ...words],
      {
        env: environment(),
        stdio: ['ignore', 'pipe', fs.openSync(path.join(this.folder, 'serve.log'), 'a')],
      },
    );
    this.children.push(child);
    const [ready, console_ready] = await firstLines(child, 'xunge-server', 2);
    this.port = Number(/:(\d+)\b/.exec(ready)[1]);
    const url = /https?:\S+/.exec(console_ready)[0].replace(/\/$/, '');
    this.console_port = Number(/:(\d+)$/.exec(url)[1]);
    this.console = { url, ended: false };
    this.serving = child;
  }

  async stop(signal) {
    if (this.console) this.console.ended = true;
    await end(this.serving, signal);
    this.serving = null;
  }

  /** Somebody who may log in to the console; the one-time key of a first login. */
  operator(code, name, role, unit) {
    this.server(['operator', 'add', this.data, code, '--name', name, '--role', role, '--unit', unit]);
    return this.once(code);
  }

  /** An operator's act from the command line, as a colleague does it. */
  act(who, id, move, ...words) {
    return this.server(['do', this.data, id, move, ...words, '--as', who, '--unsigned']);
  }

  /** Many cases at once: work orders of a hotline, each `category,address,description`. Their ids. */
  orders(who, rows) {
    const file = path.join(this.folder, `orders-${Date.now()}.csv`);
    fs.writeFileSync(file, ['external,category,address,description', ...rows.map((row, at) => `R${Date.now()}-${at},${row}`)].join('\n'));
    const map = 'external=external,category=category,address=address,description=description';
    return this.serverAsk(['intake', this.data, file, '--map', map, '--as', who, '--unsigned']).map((row) => row.id);
  }

  once(code) {
    return this.serverAsk(['operator', 'login', this.data, code, '--why', '忘了密码'])[0].once;
  }

  /** A one-time code for a worker's next device. */
  code(worker) {
    return this.serverAsk(['code', this.data, worker])[0].code;
  }

  /** A device of the worker, enrolled and synced once; the server must run. */
  enrol(name, worker, env) {
    const device = new Device(this, name, env);
    device.do(['enrol', this.code(worker)]);
    device.sync();
    return device;
  }

  /** A patrol's recorder lives by itself: those of our homes are ended by the pid that they left. */
  endRecorders() {
    for (const name of fs.readdirSync(this.folder))
      try {
        process.kill(Number(fs.readFileSync(path.join(this.folder, name, 'patrol/pid'), 'utf8')));
      } catch {
        /* no patrol there, or it has ended */
      }
  }

  async close() {
    for (const child of this.children) await end(child);
    this.endRecorders();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

/** From here on the system gives ports to whoever connects somewhere, or asks for any. */
export const EPHEMERAL = Number(fs.readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0]);
const CLAIMS = path.join(os.tmpdir(), 'xunge-ports');
const claimed = [];
process.on('exit', () => claimed.forEach((file) => fs.rmSync(file, { force: true })));

/** Whoever wrote it is not there any more. */
function isStale(file) {
  try {
    process.kill(Number(fs.readFileSync(file, 'utf8')), 0);
    return false;
  } catch (gone) {
    return gone.code !== 'EPERM';
  }
}

const binds = (port) =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** A port that is this process's until it ends: none that the system gives out by itself, and no
 * other test's that runs beside this one. So whoever listens there may stop, and another begin. */
export async function claimPort() {
  fs.mkdirSync(CLAIMS, { recursive: true });
  for (let tries = 0; tries < 1000; tries++) {
    const port = EPHEMERAL - 1 - Math.floor(Math.random() * Math.min(12000, EPHEMERAL - 1100));
    const file = path.join(CLAIMS, String(port));
    if (fs.existsSync(file) && isStale(file)) fs.rmSync(file, { force: true });
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
    } catch {
      continue;
    }
    claimed.push(file);
    if (await binds(port)) return port;
  }
  throw new Error('no port is free');
}

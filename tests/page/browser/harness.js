// What the browser tests share: pages made by the real binary, a browser that says everything that goes wrong.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

export const QUELL = process.env.QUELL;
export const CASES = process.env.QUELL_CASES;
export const ROOT = new URL('../../../', import.meta.url).pathname;
export const folder = mkdtempSync(join(tmpdir(), 'quell-page-'));
const TODAY = '2026-11-25';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export async function browser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

// Runs quell; what it may end with is `ends`.
export function quell(args, ends = [0, 1]) {
  const run = spawnSync(QUELL, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 30 });
  assert.ok(ends.includes(run.status), `quell ${args.join(' ')}\n${run.stderr}`);
  return run.stdout;
}

// A page and the JSON report of the same run.
export function made(name, results, lists, more = []) {
  const file = join(folder, `${name}.html`);
  const json = quell(['apply', ...results, ...lists.flatMap((list) => ['-e', list]), '--today', TODAY, '--report', file, '--format', 'json', '--quiet', ...more]);
  return { name, file, results, lists, more, report: JSON.parse(json) };
}

// The report of another list over the same results.
export function reported(page, yaml) {
  const list = join(folder, 'switched.yaml');
  writeFileSync(list, yaml);
  const json = quell(['apply', ...page.results, '-e', list, '--today', TODAY, '--format', 'json', '--quiet', '--allow-missing-columns', ...page.more]);
  return JSON.parse(json);
}

// Opens a page in a tab that takes note of every error and every request.
export async function opened(context, page, hash = '') {
  const tab = await context.newPage();
  tab.wrongs = [];
  tab.on('console', (message) => ['error', 'warning'].includes(message.type()) && tab.wrongs.push(message.text()));
  tab.on('pageerror', (error) => tab.wrongs.push(error.stack));
  tab.on('dialog', (dialog) => { tab.wrongs.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
  tab.on('request', (request) => !request.url().startsWith('file:') && !request.url().startsWith('blob:') && tab.wrongs.push(`request ${request.url()}`));
  tab.on('popup', () => tab.wrongs.push('popup'));
  await tab.goto(`file://${page.file}${hash}`);
  await tab.waitForSelector('body[data-ready]', { timeout: 20_000 });
  return tab;
}

export function nothingWrong(tab) {
  assert.deepEqual(tab.wrongs, []);
}

// A view by its address, in a tab that is open.
export async function goTo(tab, hash) {
  await tab.evaluate((to) => new Promise((done) => {
    window.addEventListener('hashchange', () => requestAnimationFrame(done), { once: true });
    if (location.hash === to) done();
    else location.hash = to;
  }), `#${hash}`);
}

export const number = (text) => Number(text.replace(/[^\d-]/g, ''));

export async function figure(tab, key) {
  return number(await tab.textContent(`[data-figure="${key}"]`));
}

// The numbers of each exclusion as they stand in the table.
export async function lines(tab) {
  return tab.$$eval('[data-exclusion]', (rows) => rows.map((row) => ({
    id: row.dataset.exclusion,
    numbers: [...row.querySelectorAll('td.number')].map((cell) => Number(cell.textContent.replace(/[^\d]/g, ''))),
  })));
}

// Groups of kept rows as the page shows them when it groups by process and network.
export async function keptGroups(tab) {
  return tab.$$eval('.groups tbody tr', (rows) => rows.map((row) => [row.querySelector('th').textContent, Number(row.querySelectorAll('td.number')[1].textContent.replace(/\D/g, ''))]));
}

// Numbers that look random and are the same in every run.
export function random(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor((state / 4294967296) * below);
  };
}

export { assert, execFileSync, join, readFileSync, writeFileSync };

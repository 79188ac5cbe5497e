// Pictures of the page for docs/report.md: `node tests/page/pictures.mjs` with QUELL set. They are of the sample hunt.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, browser, made, opened } from './browser/harness.js';

const OUT = process.env.QUELL_PICTURES ?? join(ROOT, 'docs/report');
mkdirSync(OUT, { recursive: true });
const page = made('pictures', ['samples/action1-hunt.csv'], ['documented']);
const chromium = await browser();

async function picture(name, { width = 1280, height = 1120, colorScheme = 'light', hash = '', full = false, act = async () => {} }) {
  const context = await chromium.newContext({ viewport: { width, height }, colorScheme });
  const tab = await opened(context, page, hash);
  await act(tab);
  await tab.screenshot({ path: join(OUT, `${name}.png`), fullPage: full });
  await context.close();
}

await picture('light', {});
await picture('dark', { colorScheme: 'dark', hash: '#off=intune-policy-sync&show=all&row=3', act: async (tab) => {
  await tab.click('[data-key="open-0"]');
} });
await picture('tune', { height: 900, act: async (tab) => {
  await tab.fill('[data-key="search"]', 'MsMpEng.exe');
  await tab.waitForFunction(() => quell.state.search !== '');
  await tab.focus('[role="grid"]');
  for (let row = 0; row < 3; row++) {
    await tab.keyboard.press('Space');
    await tab.keyboard.press('ArrowDown');
  }
  await tab.click('[data-key="exclude"]');
  await tab.evaluate(() => document.getElementById('rows').scrollIntoView());
} });
await picture('groups', { height: 700, hash: '#groupby=-', act: (tab) => tab.evaluate(() => document.getElementById('rows').scrollIntoView()) });
await picture('narrow', { width: 420, height: 1400 });

const context = await chromium.newContext({ viewport: { width: 1000, height: 1400 } });
const tab = await opened(context, page);
await tab.emulateMedia({ media: 'print' });
await tab.setViewportSize({ width: 794, height: 1123 });
await tab.screenshot({ path: join(OUT, 'print.png') });
await chromium.close();

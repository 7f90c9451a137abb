import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { type Panel, startPanel } from '../../../panel/main.ts';
import { readSettings } from '../../../panel/settings.ts';
import { startDatabase } from '../../panel/database.ts';
import { PretendAgent } from './agent.ts';

/** Where Debian keeps its browser. */
export const CHROMIUM = '/usr/bin/chromium';

/** A true panel and database, a pretend agent, and a browser that looks at them. */
export interface Rig {
  url: string;
  agent: PretendAgent;
  browser: Browser;
  close(): Promise<void>;
}

/** Starts everything; a few seconds. */
export async function startRig(): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-pages-'));
  const socket = join(folder, 'agent.sock');
  const database = await startDatabase();
  const agent = new PretendAgent(350);
  await agent.listen(socket);
  const env = {
    BERTH_DATABASE_URL: database.uri,
    BERTH_AGENT_SOCKET: socket,
    BERTH_ADMIN_PASSWORD: 'admin-password-1',
    BERTH_ADMIN_TOKEN: 'admin-token-12345',
  };
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const panel: Panel = await startPanel(readSettings({ ...env, BERTH_PANEL_PORT: String(port) }));
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  return {
    ...{ url: `http://localhost:${port}`, agent, browser },
    async close() {
      await browser.close();
      await panel.close();
      await agent.close();
      await database.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

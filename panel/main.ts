import { createServer, type Server } from 'node:http';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findRoutes, makeApp } from './app.ts';
import { migrate } from './db/migrate.ts';
import { closePool, openPool } from './db/pool.ts';
import { seed } from './db/seed.ts';
import { startWorker } from './jobs/worker.ts';
import { openLimits } from './middleware/limit.ts';
import { readSettings, type Settings, useSettings } from './settings.ts';
import { startCollecting } from './usage/collect.ts';
import { startSender } from './webhooks/send.ts';
import { startWhm } from './whm/server.ts';

/** A panel that answers, until it is closed. */
export interface Panel {
  port: number;
  /** The port of the WHM-compatible API. */
  whmPort: number;
  close(): Promise<void>;
}

async function reachDatabase(uri: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openPool(uri);
    } catch (error) {
      if (attempt === 20)
        throw new Error(`The panel database does not answer: ${(error as Error).message}. Check BERTH_DATABASE_URL.`, { cause: error });
      await sleep(500);
    }
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new Error(`Port ${port} is taken. Set BERTH_PANEL_PORT to a free one.`) : error);
    });
    server.listen(port, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}

/** Starts a panel: database up to date, first administrator, routes, job worker. */
export async function startPanel(settings: Settings): Promise<Panel> {
  useSettings(settings);
  await reachDatabase(settings.databaseUrl);
  await migrate();
  await seed(settings);
  openLimits(new URL(settings.databaseUrl).pathname.slice(1));
  const app = makeApp(await findRoutes());
  const server = createServer(app.callback());
  const port = await listen(server, settings.port);
  const whm = await startWhm(settings.whm);
  const sender = startSender();
  const collecting = startCollecting();
  const worker = await startWorker(`${hostname()}:${port}`);
  return {
    port,
    whmPort: whm.port,
    async close() {
      const closed = new Promise(resolve => server.close(resolve));
      await whm.close();
      await worker.stop();
      await sender.stop();
      await collecting.stop();
      // Event streams have no end of their own.
      server.closeAllConnections();
      await closed;
      await closePool();
    },
  };
}

async function main(): Promise<void> {
  const panel = await startPanel(readSettings());
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      panel.close().then(
        () => process.exit(0),
        error => {
          console.error(error);
          process.exit(1);
        },
      );
    });
  }
  console.log('panel ready');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch(error => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  });
}

import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Failed } from '../errors.ts';
import type { Act } from '../steps.ts';
import { askPackets } from './packets.ts';

type Probe = Extract<Act, { do: 'probe' }>;
const MAX_PAGE = 2 * 1024 * 1024;

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The variables of CGI/1.1 that nginx would send. Pure. */
function variablesOf({ host, path, way, documents }: Probe): [string, string][] {
  const [script = '', query = ''] = path.split('?');
  const own = way === 'php' && script.endsWith('.php') ? script : '/index.php';
  const php: [string, string][] = [
    ['REDIRECT_STATUS', '200'],
    ['DOCUMENT_ROOT', documents],
    ['SCRIPT_FILENAME', `${documents}${own}`],
    ['SCRIPT_NAME', own],
    ['PATH_INFO', ''],
  ];
  const app: [string, string][] = [
    ['SCRIPT_NAME', ''],
    ['PATH_INFO', decoded(script)],
  ];
  const [name = host, port = '80'] = host.split(':');
  return [
    ['CONTENT_LENGTH', '0'],
    ['SCGI', '1'],
    ['GATEWAY_INTERFACE', 'CGI/1.1'],
    ['SERVER_PROTOCOL', 'HTTP/1.1'],
    ['SERVER_SOFTWARE', 'berth'],
    ['SERVER_NAME', name],
    ['SERVER_PORT', port],
    ['REQUEST_METHOD', 'GET'],
    ['REQUEST_URI', path],
    ['QUERY_STRING', query],
    ['REMOTE_ADDR', '127.0.0.1'],
    ['HTTP_HOST', host],
    ['HTTP_USER_AGENT', 'Berth health check'],
    ...(way === 'php' ? php : app),
  ];
}

function get(probe: Probe): Promise<{ status: number; body: string }> {
  if (probe.way !== 'http' && probe.way !== 'cgi') {
    return askPackets(probe.socket, probe.way, variablesOf(probe), AbortSignal.timeout(probe.timeoutSeconds * 1000));
  }
  return new Promise((done, fail) => {
    const headers = {
      Host: probe.host,
      'X-Forwarded-Proto': 'http',
      'X-Real-IP': '127.0.0.1',
      'User-Agent': 'Berth health check',
      Connection: 'close',
    };
    // The whole answer has so much time: an app that drips must not hold up what else is to be done with its account.
    const signal = AbortSignal.timeout(probe.timeoutSeconds * 1000);
    signal.addEventListener('abort', () => fail(new Error(`no whole answer in ${probe.timeoutSeconds} seconds`)), { once: true });
    const asked = request({ socketPath: probe.socket, path: probe.path, headers, signal }, answer => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', chunk => {
        if (body.length < MAX_PAGE) body += chunk;
      });
      answer.on('end', () => done({ status: answer.statusCode ?? 0, body }));
      answer.on('error', fail);
    });
    asked.on('error', fail);
    asked.end();
  });
}

/** Asks an app for its page as nginx would, twice when the first attempt finds it still starting. Throws Failed with what it said. */
export async function askApp(probe: Probe): Promise<void> {
  const deadline = Date.now() + probe.timeoutSeconds * 1000;
  for (;;) {
    const answer = await get(probe).catch((error: Error) => ({ status: 0, body: error.message }));
    if (answer.status === probe.status && answer.body.includes(probe.contains)) return;
    const restarting = answer.status === 0 || answer.status === 503;
    if (!restarting || Date.now() + 2000 > deadline) throw unhealthy(probe, answer);
    await pause(1500);
  }
}

function unhealthy(probe: Probe, answer: { status: number; body: string }): Failed {
  if (answer.status === 0) return new Failed(`The app did not answer: ${answer.body}.`, { help: 'Look at the app’s log, then try again.' });
  if (answer.status === probe.status) {
    return new Failed(`The app answered ${answer.status}, but without "${probe.contains}": this is not its own page.`, {
      help: 'Look at the app’s log, then try again.',
    });
  }
  const help = answer.status === 503 ? 'It could not start. The app’s log says why.' : 'Look at the app’s log, then try again.';
  return new Failed(`The app answered ${answer.status} for ${probe.path}, expected was ${probe.status}.`, { help });
}

import { request } from 'node:http';

/** What a server answered. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  json: () => any;
}

/** One HTTP request to 127.0.0.1; never follows redirects; fails after a minute. */
export function ask(
  port: number,
  method: string,
  path: string,
  options: { body?: Buffer | string | undefined; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((done, fail) => {
    const { body, headers = {} } = options;
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const asked = request(
      { host: '127.0.0.1', port, method, path, headers: { ...headers, ...length }, agent: false, timeout: 60_000 },
      answer => {
        const parts: Buffer[] = [];
        answer.on('data', part => parts.push(part));
        answer.on('error', fail);
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          done({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: () => JSON.parse(text) });
        });
      },
    );
    asked.on('timeout', () => asked.destroy(new Error(`no answer to ${method} ${path} in 60 s`)));
    asked.on('error', fail);
    asked.end(body);
  });
}

/** The cookies an answer sets, ready to be sent back, on top of earlier ones. */
export function cookies(answer: Answer, before = ''): string {
  const jar = new Map(
    before
      .split('; ')
      .filter(Boolean)
      .map(pair => pair.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
    const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s);
    jar.set(name, value);
  }
  return [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
}

/** Signs in to an app's Django admin as a browser would and answers the page behind it. */
export async function djangoLogin(
  port: number,
  host: string,
  path: string,
  user: string,
  password: string,
): Promise<{ status: number; location: string; cookie: string }> {
  const headers = { Host: `${host}:${port}` };
  const form = await ask(port, 'GET', path, { headers });
  const csrf = /name="csrfmiddlewaretoken" value="([^"]+)"/.exec(form.text)?.[1] ?? '';
  const cookie = cookies(form);
  const body = new URLSearchParams({ csrfmiddlewaretoken: csrf, username: user, password }).toString();
  const answer = await ask(port, 'POST', path, {
    body,
    headers: { ...headers, Cookie: cookie, 'Content-Type': 'application/x-www-form-urlencoded', Referer: `http://${host}:${port}${path}` },
  });
  return { status: answer.status, location: String(answer.headers.location ?? ''), cookie: cookies(answer, cookie) };
}

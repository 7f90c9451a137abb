import { request } from 'node:https';
import { connect } from 'node:tls';
import { ADMIN_TOKEN } from '../panel.ts';

/** An answer of the WHM-compatible port. */
export interface Said {
  status: number;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely
  json: any;
}

/** How a client asks. */
export interface Ask {
  method?: 'GET' | 'POST';
  body?: string;
  type?: string;
  authorization?: string | null;
}

/** Asks the port one thing as a client would. */
export function whm(port: number, path: string, { method = 'GET', body = '', type, authorization }: Ask = {}): Promise<Said> {
  const headers: Record<string, string> = { 'Content-Length': String(Buffer.byteLength(body)) };
  if (authorization !== null) headers.Authorization = authorization ?? `whm root:${ADMIN_TOKEN}`;
  if (type ?? method === 'POST') headers['Content-Type'] = type ?? 'application/x-www-form-urlencoded';
  return new Promise((done, fail) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, rejectUnauthorized: false, agent: false }, answer => {
      let text = '';
      answer.setEncoding('utf8').on('data', piece => {
        text += piece;
      });
      answer.on('end', () => done({ status: answer.statusCode ?? 0, text, json: JSON.parse(text) }));
    });
    asked.on('error', fail);
    asked.end(body);
  });
}

/** Sends raw bytes over TLS and reads until the end. */
export function raw(port: number, bytes: string): Promise<string> {
  return new Promise((done, fail) => {
    const line = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => line.write(bytes));
    let text = '';
    line.setEncoding('utf8').on('data', piece => {
      text += piece;
    });
    line.on('close', () => done(text));
    line.on('error', fail);
  });
}

/** A urlencoded body. */
export const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();

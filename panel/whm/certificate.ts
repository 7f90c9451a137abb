import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { generate } from 'selfsigned';
import { certificateNamed, keepCertificate } from './queries.ts';

/** A TLS key and its certificate, as PEM. */
export interface Pair {
  cert: string;
  key: string;
}

const DAYS = 825;

async function selfSigned(): Promise<Pair & { expiresAt: Date }> {
  const expiresAt = new Date(Date.now() + DAYS * 86_400_000);
  const made = await generate([{ name: 'commonName', value: hostname() }], { notAfterDate: expiresAt, keySize: 2048, algorithm: 'sha256' });
  return { cert: made.cert, key: made.private, expiresAt };
}

/** The hoster's certificate when there is one, else one that Berth signs itself and keeps. Throws when the files cannot be read. */
export async function certificate(files: { cert: string; key: string } | null): Promise<Pair> {
  if (files) return { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') };
  const kept = await certificateNamed('whm');
  if (kept) return kept;
  await keepCertificate('whm', await selfSigned());
  // Another panel may have been first; all must show the same.
  return (await certificateNamed('whm'))!;
}

import { startUids } from '../accounts/queries.ts';
import { setHost } from '../hosts/queries.ts';
import { SCOPES } from '../people/actor.ts';
import { addPerson, hasAdmin } from '../people/queries.ts';
import { hashPassword, randomPassword, sha256 } from '../people/secrets.ts';
import type { Settings } from '../settings.ts';
import { addToken } from '../tokens/queries.ts';
import { together } from './pool.ts';

/** Makes the first administrator and their token if nobody runs this panel yet, and knows the host beside it. */
export async function seed(settings: Settings): Promise<void> {
  await startUids(settings.firstUid);
  await setHost('local', `unix:${settings.agentSocket}`);
  if (await hasAdmin()) return;
  const password = settings.adminPassword ?? randomPassword();
  const hash = await hashPassword(password);
  await together(async () => {
    if (await hasAdmin()) return;
    const person = await addPerson({ login: 'admin', email: '', role: 'admin', accountId: null, hash });
    if (settings.adminToken) {
      await addToken({
        person,
        name: 'first token',
        hash: sha256(settings.adminToken),
        scopes: [...SCOPES],
        expiresAt: null,
        addresses: [],
        failByStatus: false,
      });
    }
  });
  if (!settings.adminPassword) console.log(`The first sign-in, shown once: admin / ${password}`);
}

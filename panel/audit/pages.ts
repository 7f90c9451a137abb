import { render } from '../middleware/page.ts';
import { nextLink } from '../middleware/paging.ts';
import { page, type Route } from '../middleware/route.ts';
import type { Said } from '../middleware/words.ts';
import { auditOf, brokenEntry } from './actions.ts';

/** What deeds are called in the panel's own words; others are shown by their names. */
const DEEDS: Record<string, string> = {
  'sign-in': 'Signed in',
  'sign-in-by-link': 'Signed in by a link',
  'password-change': 'Changed the password',
  'login-link': 'Made a sign-in link',
  'look-begin': 'Looked through their eyes',
  'plan-add': 'Made a plan',
  'plan-change': 'Changed a plan',
  'plan-delete': 'Deleted a plan',
  'account-open': 'Opened an account',
  'account-change': 'Changed an account',
  'account-suspend': 'Suspended an account',
  'account-unsuspend': 'Lifted a suspension',
  'account-delete': 'Deleted an account',
  'app-add': 'Added an app',
  'app-restart': 'Restarted an app',
  'app-stop': 'Stopped an app',
  'app-start': 'Started an app',
  'app-change': 'Changed an app',
  'app-env': 'Set an environment',
  'app-delete': 'Deleted an app',
  'owner-shown': 'Saw the owner’s sign-in',
  'database-add': 'Added a database',
  'database-reveal': 'Saw a database password',
  'database-rotate': 'Changed a database password',
  'database-delete': 'Deleted a database',
  'domain-add': 'Added a domain',
  'domain-delete': 'Removed a domain',
  'job-retry': 'Tried a job again',
  'token-add': 'Made an API token',
  'token-delete': 'Deleted an API token',
};

async function chainSaid(): Promise<Said> {
  const broken = await brokenEntry();
  return broken === null
    ? { tone: 'good', word: 'Whole', fact: 'every entry fits the one before' }
    : { tone: 'bad', word: 'Broken', fact: `entry ${broken} does not fit the one before` };
}

/** Who did what to what. */
export const routes: Route[] = [
  page({
    method: 'GET',
    path: '/admin/audit',
    policy: 'admin',
    async run(ctx, actor) {
      const text = (key: string) => (typeof ctx.query[key] === 'string' ? String(ctx.query[key]).trim().slice(0, 64) : '');
      const q = text('q');
      const { entries, next } = await auditOf(actor, {
        before: /^\d{1,15}$/.test(text('after')) ? Number(text('after')) : undefined,
        account: q || undefined,
      });
      const views = entries.map(entry => ({
        at: entry.at,
        who: entry.actor || 'nobody',
        did: DEEDS[entry.action] ?? entry.action,
        to: [entry.account, entry.subject].filter((text, i, all) => text && all.indexOf(text) === i).join(' · '),
        peer: entry.peer || 'this machine',
      }));
      // The whole chain is read, so only when somebody asks for it.
      const chain = ctx.query.check === '1' ? await chainSaid() : null;
      render(ctx, 'audit/list', { title: 'Audit', here: 'audit', entries: views, next: nextLink(ctx, next), filter: { q }, chain });
    },
  }),
];

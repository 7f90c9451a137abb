import * as accounts from './accounts.ts';
import type { Caller } from './credentials.ts';
import type { Done, Form } from './envelope.ts';
import * as look from './look.ts';
import * as packages from './packages.ts';
import type { Params } from './params.ts';
import * as server from './server-facts.ts';
import { createUserSession } from './session.ts';

/** One function of the API: how API 0 wraps its answer, whether it changes anything, and what it does. */
export interface WhmFunction {
  form: Form;
  /** What it needs, as REST names it. */
  scope: 'accounts:read' | 'accounts:write' | 'plans:read' | 'plans:write' | 'hosts:read' | 'logins:write';
  run(caller: Caller, params: Params): Promise<Done>;
}

const read = (run: WhmFunction['run'], scope: WhmFunction['scope'] = 'accounts:read'): WhmFunction => ({ form: 'query', scope, run });
const act = (run: WhmFunction['run']): WhmFunction => ({ form: 'action', scope: 'accounts:write', run });

/** Every function that is served, by its name in lower case. */
export const FUNCTIONS: ReadonlyMap<string, WhmFunction> = new Map(
  Object.entries({
    accountsummary: read(look.accountSummary),
    addpkg: { form: 'action', scope: 'plans:write', run: packages.addPackage },
    applist: read(async () => ({ data: { app: [...FUNCTIONS.keys()].sort() } })),
    changepackage: act(accounts.changePackage),
    create_user_session: { form: 'query', scope: 'logins:write', run: createUserSession },
    createacct: act(accounts.create),
    get_nameserver_config: read(server.nameservers, 'hosts:read'),
    getdiskusage: read(server.diskUsage, 'hosts:read'),
    gethostname: read(server.hostName, 'hosts:read'),
    getpkginfo: read(packages.packageInfo, 'plans:read'),
    listaccts: read(look.listAccounts),
    listpkgs: read(packages.listPackages, 'plans:read'),
    listsuspended: read(look.listSuspended),
    loadavg: read(server.load, 'hosts:read'),
    matchpkgs: read(packages.matchPackages, 'plans:read'),
    modifyacct: act(accounts.modify),
    myprivs: read(server.privileges, 'accounts:read'),
    passwd: { form: 'passwd', scope: 'accounts:write', run: accounts.changePassword },
    removeacct: act(accounts.remove),
    setsiteip: act(accounts.setAddress),
    showbw: { form: 'bandwidth', scope: 'accounts:read', run: look.showBandwidth },
    suspendacct: act(accounts.suspend),
    systemloadavg: read(server.load, 'hosts:read'),
    unsuspendacct: act(accounts.unsuspend),
    verify_new_username: read(accounts.verifyNewUsername),
    version: read(server.version),
  } satisfies Record<string, WhmFunction>),
);

/** Functions that belong to resellers, which Berth does not have: they fail with a sentence. */
export const RESELLERS: ReadonlySet<string> = new Set(
  'setupreseller unsetupreseller setacls listacls setresellerlimits suspendreseller unsuspendreseller terminatereseller resellerstats acctcounts listresellers'.split(
    ' ',
  ),
);

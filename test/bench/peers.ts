import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Ground, User } from './ground.ts';
import { start } from './process.ts';

const MODULES = '/usr/lib/apache2/modules';

/** Waits until something accepts. */
export async function accepts(where: { path: string } | { port: number }, seconds = 15): Promise<void> {
  const one = () =>
    new Promise<boolean>(done => {
      const line = connect({ host: '127.0.0.1', ...where });
      line.on('connect', () => done(true)).on('error', () => done(false));
      line.on('connect', () => line.destroy());
    });
  for (const end = Date.now() + seconds * 1000; !(await one()); await pause(50)) {
    if (Date.now() > end) throw new Error(`Nothing listens on ${JSON.stringify(where)}.`);
  }
}

/** The socket of one user's server of one kind. */
export const peerSocket = (ground: Ground, user: User, kind: string) => join(ground.peers, user.name, `${kind}.sock`);

const pythonPath = (ground: Ground, root: string) => `${root}:${ground.packagesOf(root)}`;

/** gunicorn, one sync worker, as a user would start it. */
export function gunicorn(ground: Ground, user: User, app: 'django' | 'flask', kind = 'gunicorn'): ChildProcess {
  const root = user[app];
  const argv = ['/usr/bin/python3', '/usr/bin/gunicorn', '-w', '1', '-b', `unix:${peerSocket(ground, user, kind)}`];
  const env = { PYTHONPATH: pythonPath(ground, root), HOME: user.home };
  const entry = app === 'django' ? 'wsgi:application' : 'hello:application';
  return start([...argv, '--log-level', 'warning', entry], { uid: user.uid, cwd: root, env, log: join(ground.folder, 'gunicorn.log') });
}

/**
 * uWSGI's emperor with on-demand vassals, whose sockets are named by the emperor alone. A vassal falls asleep only under a master
 * process of its own; where it need not (`sleeps` false), it does without, which halves its memory.
 */
export async function emperor(ground: Ground, sleeps: boolean): Promise<ChildProcess> {
  const folder = join(ground.folder, 'vassals');
  mkdirSync(folder, { recursive: true });
  for (const user of ground.users) rmSync(peerSocket(ground, user, 'uwsgi'), { force: true });
  for (const user of ground.users) {
    const root = user.django;
    const lines = [
      ...['[uwsgi]', 'plugins-dir = /usr/lib/uwsgi/plugins', 'plugins = python3', `uid = ${user.uid}`, `gid = ${user.uid}`],
      ...[`chdir = ${root}`, `pythonpath = ${root}`, `pythonpath = ${ground.packagesOf(root)}`, 'module = wsgi:application'],
      ...['processes = 1', 'single-interpreter = true', 'need-app = true', 'disable-logging = true'],
      ...(sleeps ? ['idle = 600', 'die-on-idle = true'] : ['master = false']),
    ];
    const vassal = join(folder, `${user.name}.ini`);
    writeFileSync(vassal, `${lines.join('\n')}\n`);
    writeFileSync(`${vassal}.socket`, peerSocket(ground, user, 'uwsgi'));
  }
  const argv = ['/usr/bin/uwsgi-core', '--emperor', folder, '--emperor-on-demand-extension', '.socket', '--emperor-throttle', '0'];
  const child = start(argv, { log: join(ground.folder, 'uwsgi.log') });
  // Only looked for: a connection would wake the vassal.
  for (const end = Date.now() + 15_000; !ground.users.every(user => existsSync(peerSocket(ground, user, 'uwsgi'))); await pause(50)) {
    if (Date.now() > end) throw new Error('The emperor does not listen.');
  }
  await pause(300);
  return child;
}

const apacheBase = (ground: Ground, name: string, port: number) => `
ServerRoot ${ground.folder}
PidFile ${ground.folder}/${name}.pid
DefaultRuntimeDir ${ground.folder}
Listen 127.0.0.1:${port}
ServerName localhost
User www-data
Group www-data
LoadModule mpm_event_module ${MODULES}/mod_mpm_event.so
LoadModule authz_core_module ${MODULES}/mod_authz_core.so
LoadModule dir_module ${MODULES}/mod_dir.so
LoadModule env_module ${MODULES}/mod_env.so
ErrorLog ${ground.folder}/${name}.log
LogLevel warn
StartServers 1
MinSpareThreads 5
MaxSpareThreads 25
ThreadsPerChild 25
ServerLimit 2
MaxRequestWorkers 50
<Directory />
Require all granted
</Directory>
`;

// Both Apache modules want names of users. They get them in a mount namespace of their own: the host's files stay as they are.
function startApache(ground: Ground, name: string, text: string): ChildProcess {
  const conf = join(ground.folder, `${name}.conf`);
  writeFileSync(conf, text);
  const [passwd, group] = ['passwd', 'group'].map(file => join(ground.folder, file)) as [string, string];
  if (!existsSync(passwd)) {
    const people = ground.users.map(({ name, uid, home }) => `${name}:x:${uid}:${uid}::${home}:/usr/sbin/nologin\n`).join('');
    writeFileSync(passwd, readFileSync('/etc/passwd', 'utf8') + people);
    writeFileSync(group, readFileSync('/etc/group', 'utf8') + ground.users.map(({ name, uid }) => `${name}:x:${uid}:\n`).join(''));
  }
  const apache = ['/usr/sbin/apache2', '-DFOREGROUND', '-f', conf];
  const named = ['/usr/bin/unshare', '--mount', '/usr/bin/python3', '-I', join(import.meta.dirname, 'names.py'), passwd, group];
  return start([...named, ...apache], { log: join(ground.folder, `${name}.log`) });
}

/** Apache with one mod_wsgi daemon process for each user. */
export async function modWsgi(ground: Ground): Promise<ChildProcess> {
  const sites = ground.users.map(user => {
    const root = user.django;
    const options = `user=${user.name} group=${user.name} processes=1 threads=1 inactivity-timeout=600 home=${root}`;
    return `<VirtualHost *:${ground.apachePort}>
ServerName ${user.n}.modwsgi
WSGIDaemonProcess ${user.name} ${options} python-path=${pythonPath(ground, root)}
WSGIProcessGroup ${user.name}
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias / ${root}/wsgi.py
</VirtualHost>`;
  });
  const head = `${apacheBase(ground, 'modwsgi', ground.apachePort)}LoadModule wsgi_module ${MODULES}/mod_wsgi.so
WSGISocketPrefix ${ground.folder}/wsgi
WSGIRestrictEmbedded On
`;
  const child = startApache(ground, 'modwsgi', `${head}${sites.join('\n')}\n`);
  await accepts({ port: ground.apachePort });
  return child;
}

/** Apache with Passenger, which starts apps at their first visit. */
export async function passenger(ground: Ground): Promise<ChildProcess> {
  const sites = ground.users.map(
    user => `<VirtualHost *:${ground.passengerPort}>
ServerName ${user.n}.passenger
DocumentRoot ${user.django}/public
PassengerAppRoot ${user.django}
PassengerUser ${user.name}
PassengerGroup ${user.name}
SetEnv PYTHONPATH ${pythonPath(ground, user.django)}
</VirtualHost>`,
  );
  const head = `${apacheBase(ground, 'passenger', ground.passengerPort)}LoadModule passenger_module ${MODULES}/mod_passenger.so
PassengerRoot /usr/lib/ruby/vendor_ruby/phusion_passenger/locations.ini
PassengerPython /usr/bin/python3
PassengerMaxPoolSize 64
PassengerMinInstances 0
PassengerPoolIdleTime 600
PassengerDisableAnonymousTelemetry on
PassengerDisableSecurityUpdateCheck on
PassengerInstanceRegistryDir ${ground.folder}
PassengerLogFile ${ground.folder}/passenger.log
`;
  const child = startApache(ground, 'passenger', `${head}${sites.join('\n')}\n`);
  await accepts({ port: ground.passengerPort });
  return child;
}

/** CGI by fcgiwrap, one for each of some users. */
export async function cgi(ground: Ground, users = ground.users): Promise<ChildProcess[]> {
  const gates: ChildProcess[] = [];
  for (const user of users) {
    const path = peerSocket(ground, user, 'cgi');
    rmSync(path, { force: true });
    gates.push(start(['/usr/sbin/fcgiwrap', '-s', `unix:${path}`], { uid: user.uid, log: join(ground.folder, 'cgi.log') }));
    await accepts({ path });
  }
  return gates;
}

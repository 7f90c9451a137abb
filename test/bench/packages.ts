import { existsSync } from 'node:fs';
import { run } from './process.ts';

// A file of each package shows that it is there.
const WANTED: Record<string, string> = {
  nginx: '/usr/sbin/nginx',
  gunicorn: '/usr/bin/gunicorn',
  'uwsgi-core': '/usr/bin/uwsgi-core',
  'uwsgi-plugin-python3': '/usr/lib/uwsgi/plugins/python3_plugin.so',
  apache2: '/usr/sbin/apache2',
  'libapache2-mod-wsgi-py3': '/usr/lib/apache2/modules/mod_wsgi.so',
  'libapache2-mod-passenger': '/usr/lib/apache2/modules/mod_passenger.so',
  fcgiwrap: '/usr/sbin/fcgiwrap',
  wrk: '/usr/bin/wrk',
  'python3-venv': '/usr/lib/python3.11/ensurepip/__init__.py',
};
const POLICY = '/usr/sbin/policy-rc.d';

/** Installs the peers that are missing. The policy file of the host decides about services; one is made where there is none. */
export function installPeers(policy: (path: string) => () => void): void {
  const missing = Object.entries(WANTED).flatMap(([name, file]) => (existsSync(file) ? [] : [name]));
  if (missing.length === 0) return;
  console.log(`Installing ${missing.join(', ')} …`);
  const undo = existsSync(POLICY) ? () => {} : policy(POLICY);
  try {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    run(['/usr/bin/apt-get', 'update', '-qq'], { env });
    run(['/usr/bin/apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...missing], { env });
  } finally {
    undo();
  }
}

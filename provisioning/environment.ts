import type { ConfigSpec } from './config/spec.ts';
import type { Layout } from './layout.ts';
import type { Manifest } from './manifest.ts';

/** One database as apps see it. */
export interface DatabaseFacts {
  engine: 'mysql';
  name: string;
  user: string;
  password: string;
  socket: string;
  host: string;
  port: number;
  url: string;
}

/** What an app must know about one database. The URL carries the socket the way Python's drivers and dj-database-url read it. */
export function databaseFacts(spec: Manifest['databases'][number], at: Layout): DatabaseFacts {
  const { name, password } = spec;
  const url = `mysql://${name}:${encodeURIComponent(password)}@localhost/${name}?unix_socket=${encodeURIComponent(at.mysqlSocket)}`;
  return { engine: 'mysql', name, user: name, password, socket: at.mysqlSocket, host: 'localhost', port: 3306, url };
}

/** The environment of one app, for running and for building. Paths of static and media files are those of `root`. Pure. */
export function environment(manifest: Manifest, config: ConfigSpec, at: Layout, root?: string): Record<string, string> {
  const { name } = manifest.account;
  const base = root ?? at.current(name, config.app);
  const spec = manifest.databases.find(entry => entry.name === config.database);
  return {
    ...config.env,
    BERTH_APP: config.app,
    BERTH_CONFIG: at.userConfig(name),
    BERTH_URL: config.url,
    ALLOWED_HOSTS: config.hosts.join(','),
    SECRET_KEY: config.secretKey,
    ...(spec ? { DATABASE_URL: databaseFacts(spec, at).url } : {}),
    STATIC_ROOT: `${base}/public/static`,
    MEDIA_ROOT: at.media(name, config.app),
    HOME: at.home(name),
    USER: name,
    LOGNAME: name,
    LANG: 'C.UTF-8',
    PATH: `${base}/.venv/bin:/usr/local/bin:/usr/bin:/bin`,
    TMPDIR: '/tmp',
    PYTHONUNBUFFERED: '1',
    ...(config.env.SECRET_KEY ? { SECRET_KEY: config.env.SECRET_KEY } : {}),
  };
}

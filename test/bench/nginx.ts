import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Berth } from './berth.ts';
import type { Ground } from './ground.ts';
import { accepts } from './peers.ts';
import { start } from './process.ts';

const HEADERS = `
    proxy_set_header Host $host;
    proxy_set_header X-Real-IP $remote_addr;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;`;

const server = (ground: Ground, name: string, location: string, more = '') => `
  server {
    listen 127.0.0.1:${ground.port};
    server_name ${name};
    ${more}
    location / {
    ${location}
    }
  }`;

const peer = (ground: Ground, kind: string, location: string) => server(ground, `"~^(?<n>\\d+)\\.${kind}$"`, location);

function berthServer(ground: Ground, berth: Berth): string {
  const log = `access_log syslog:server=unix:${berth.at.accessSocket},nohostname berth;`;
  const pass = `proxy_pass http://unix:${berth.at.sites}/$site; proxy_http_version 1.1; proxy_set_header Connection "";${HEADERS}`;
  return server(ground, `"~^(?<site>[a-z0-9-]+\\.${berth.id})$"`, pass, log);
}

/** nginx's whole configuration: a host name `<n>.<kind>` leads to the server of that kind of user n. */
function configuration(ground: Ground, berths: Berth[]): string {
  const { folder } = ground;
  const at = (kind: string) => `${ground.peers}/$user_name/${kind}.sock`;
  const names = ground.users.map(({ n, name }) => `    ${n} ${name};`).join('\n');
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(kind => `  ${kind}_temp_path ${folder}/nginx-${kind};`);
  return `
user root;
worker_processes 2;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log warn;
events { worker_connections 1024; }
http {
${temps.join('\n')}
  proxy_read_timeout 120s;
  uwsgi_read_timeout 120s;
  fastcgi_read_timeout 120s;
  map $n $user_name {
    default none;
${names}
  }
  log_format berth escape=default '$site $remote_addr "$request" $status $body_bytes_sent $request_time "$http_referer" "$http_user_agent"';
  log_format peer escape=default '$host $remote_addr "$request" $status $body_bytes_sent $request_time "$http_referer" "$http_user_agent"';
  access_log ${folder}/access.log peer;
${berths.map(berth => berthServer(ground, berth)).join('\n')}
${peer(ground, 'gunicorn', `proxy_pass http://unix:${at('gunicorn')};${HEADERS}`)}
${peer(ground, 'uwsgi', `include /etc/nginx/uwsgi_params; uwsgi_pass unix:${at('uwsgi')};`)}
${peer(ground, 'cgi', `include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME ${ground.homes}/$user_name/apps/dj/current/app.cgi; fastcgi_param SCRIPT_NAME ""; fastcgi_param PATH_INFO $uri; fastcgi_pass unix:${at('cgi')};`)}
${peer(ground, 'modwsgi', `proxy_pass http://127.0.0.1:${ground.apachePort};${HEADERS}`)}
${peer(ground, 'passenger', `proxy_pass http://127.0.0.1:${ground.passengerPort};${HEADERS}`)}
}
`;
}

/** Starts the one nginx that stands before everybody. */
export async function nginx(ground: Ground, berths: Berth[]): Promise<ChildProcess> {
  mkdirSync(join(ground.folder, 'nginx'), { recursive: true });
  const conf = join(ground.folder, 'nginx.conf');
  writeFileSync(conf, configuration(ground, berths));
  const child = start(['/usr/sbin/nginx', '-e', join(ground.folder, 'nginx.log'), '-c', conf, '-p', ground.folder], {
    log: join(ground.folder, 'nginx.log'),
  });
  await accepts({ port: ground.port });
  return child;
}

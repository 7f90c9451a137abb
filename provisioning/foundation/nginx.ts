import type { Layout } from '../layout.ts';
import { nginxWord } from '../names.ts';
import type { PAGES } from './pages.ts';
import type { Foundation } from './spec.ts';
import { speechLocations, speechMaps, ways } from './speech.ts';

/** One of Berth's own pages, reachable only by an error of this server; nothing else is served from that folder. */
function ownPage(name: keyof typeof PAGES, at: Layout, seconds: number | null): string {
  const retry = seconds === null ? '' : `\n      add_header Retry-After "${seconds}" always;`;
  return `
    location = /.berth/${name}.html {
      internal;
      alias ${nginxWord(at.nginxPage(name))};
      types {}
      default_type "text/html; charset=utf-8";
      add_header Cache-Control "no-store" always;
      add_header Content-Security-Policy "default-src 'none'; style-src 'unsafe-inline'" always;${retry}
    }
`;
}

/** A server that answers everything with one page: suspended and stopped sites are links to its socket. */
function onePageServer(listen: string, code: number, name: keyof typeof PAGES, at: Layout): string {
  return `
  server {
    listen ${listen};
    server_name "";
    access_log off;
    client_max_body_size 0;
    error_page ${code} /.berth/${name}.html;
${ownPage(name, at, code === 503 ? 3600 : null)}
    location / {
      return ${code};
    }
  }
`;
}

/** Settings of the whole server: who it runs as, where it writes, what it accepts. */
function general(at: Layout): string {
  const temp = (name: string) => nginxWord(`${at.nginxTemp}/${name}`);
  return `user www-data;
worker_processes auto;
worker_shutdown_timeout 30s;
pid ${nginxWord(at.nginxPid)};
error_log stderr error;

events {
  worker_connections 4096;
}

http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  types_hash_max_size 4096;
  server_tokens off;
  sendfile on;
  tcp_nopush on;
  absolute_redirect off;
  underscores_in_headers off;
  ignore_invalid_headers on;
  client_header_timeout 20s;
  client_body_timeout 60s;
  client_max_body_size 64m;
  client_body_buffer_size 128k;
  reset_timedout_connection on;
  client_body_temp_path ${temp('body')};
  proxy_temp_path ${temp('proxy')};
  fastcgi_temp_path ${temp('fastcgi')};
  uwsgi_temp_path ${temp('uwsgi')};
  scgi_temp_path ${temp('scgi')};
  gzip on;
  gzip_vary on;
  gzip_proxied any;
  gzip_min_length 1024;
  gzip_comp_level 4;
  gzip_types text/plain text/css text/xml text/javascript application/javascript application/json application/manifest+json
    application/xml application/rss+xml application/atom+xml image/svg+xml;
`;
}

/** Names made from a request: what an app is told of its address, and the time as Berth's logs write it (TZ is UTC). */
function maps(at: Layout): string {
  return `
  map $http_upgrade $app_connection {
    default upgrade;
    "" close;
  }
  map $http_upgrade $app_socket {
    default "";
    websocket yes;
  }
  # The name by which the site was chosen, with the port the visitor used: never another name from the request.
  map "$host $http_host" $app_host {
    default $host;
    "~*^(?<app_name>[^ ]+) \\k<app_name>(?<app_port>:[0-9]+)$" "$app_name$app_port";
  }
${speechMaps}  log_format berth escape=default '$site $remote_addr "$request" $status $body_bytes_sent $request_time "$http_referer" "$http_user_agent"';
  access_log syslog:server=unix:${at.accessSocket},nohostname berth;
`;
}

/** Passing a request on over HTTP; a visitor and an app that both keep silent are kept together so long. */
const passHttp = (at: Layout, silence: string): string => `
      proxy_pass http://unix:${at.sites}/$site;
      proxy_http_version 1.1;
      proxy_redirect off;
      proxy_next_upstream off;
      proxy_connect_timeout 5s;
      proxy_send_timeout ${silence === '120s' ? '60s' : silence};
      proxy_read_timeout ${silence};
      proxy_max_temp_file_size 256m;
      proxy_intercept_errors off;
      proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Charset;
      proxy_set_header Host $app_host;
      proxy_set_header Connection $app_connection;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $app_host;
      proxy_set_header X-Forwarded-Port "";
      proxy_set_header X-Forwarded-Prefix "";
      proxy_set_header Forwarded "";
      proxy_set_header Proxy "";`;

/** One server for all ordinary sites: the host name names the link to the slot's socket, so a new site needs no reload. */
function sites(at: Layout, listen: string): string {
  return `
  server {
    listen ${listen};
    server_name "~^(?<site>[a-z0-9][a-z0-9.-]*)$";

    error_page 502 504 /.berth/restarting.html;
${ownPage('restarting', at, 10)}${ownPage('no-site', at, null)}
    # A site that speaks HTTP has a link to its home here. All others are looked at in @other, so that this one costs nothing more.
    set $open "";
    if (-e ${at.siteHomesOf('http')}/$site) {
      set $open yes;
    }
    error_page 418 = @other;
    error_page 419 = @socket;
    recursive_error_pages on;

    # Public files first, through links that the owner of the files made; never a listing.
    location / {
      if ($open = "") {
        return 418;
      }
      if ($app_socket) {
        return 419;
      }
      root ${at.siteHomesOf('http')}/$site/www/$site;
      disable_symlinks if_not_owner from=${at.siteHomesOf('http')}/$site;
      try_files $uri @app;
    }

    # Hidden files are never served from disk; what the app makes of such an address is its own affair.
    location ~ /\\.(?!well-known/) {
      if ($open = "") {
        return 418;
      }
      try_files /dev/null/none @app;
    }

    # A site that is open and does not speak HTTP has its link in the folder of what it speaks. Without any it is closed:
    # suspended, stopped, or unknown here. An unknown name is an everyday event and not one for the log.
    location @other {
${ways(at)}
      access_log off;
      error_log stderr emerg;
      error_page 502 504 =404 /.berth/no-site.html;
      proxy_pass http://unix:${at.sites}/$site;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header Host $host;
      proxy_redirect off;
      proxy_next_upstream off;
      proxy_connect_timeout 5s;
      proxy_read_timeout 10s;
    }

    location @app {${passHttp(at, '120s')}
    }

    # WebSockets: both sides may be silent for long.
    location @socket {${passHttp(at, '1h')}
    }
${speechLocations(at)}  }
`;
}

/**
 * The web server's main file. Pure. Paths are plain words by the foundation's spec, so that they may stand beside a
 * variable; words that stand alone are quoted.
 */
export function nginxMain(at: Layout, wanted: Pick<Foundation, 'sitesPort'>): string {
  const listen = `127.0.0.1:${wanted.sitesPort}`;
  return [
    general(at),
    maps(at),
    onePageServer(`${listen} default_server`, 404, 'no-site', at),
    sites(at, listen),
    onePageServer(`unix:${at.suspendedSocket}`, 503, 'suspended', at),
    onePageServer(`unix:${at.stoppedSocket}`, 503, 'stopped', at),
    '}\n',
  ].join('');
}

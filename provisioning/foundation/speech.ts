import { type Layout, WAYS, type Way } from '../layout.ts';

/** What nginx can speak with a slot besides HTTP, in packets made of CGI variables. */
type Packets = 'fastcgi' | 'scgi' | 'uwsgi';

/**
 * What an app is told beside the headers of the visitor. Each name that begins with HTTP_ replaces the header of that
 * name; one that is empty is left out, and with it what the visitor sent.
 */
const TOLD: [string, string][] = [
  ['GATEWAY_INTERFACE', 'CGI/1.1'],
  ['SERVER_SOFTWARE', 'berth'],
  ['SERVER_PROTOCOL', '$server_protocol'],
  ['SERVER_NAME', '$host'],
  ['SERVER_ADDR', '$server_addr'],
  ['SERVER_PORT', '$site_port'],
  ['REQUEST_METHOD', '$request_method'],
  ['REQUEST_SCHEME', '$scheme'],
  ['REQUEST_URI', '$request_uri'],
  ['QUERY_STRING', '$query_string'],
  ['CONTENT_TYPE', '$content_type'],
  ['CONTENT_LENGTH', '$content_length'],
  ['REMOTE_ADDR', '$remote_addr'],
  ['REMOTE_PORT', '$remote_port'],
  ['HTTPS', '$https if_not_empty'],
  ['HTTP_HOST', '$app_host'],
  ['HTTP_X_REAL_IP', '$remote_addr'],
  ['HTTP_X_FORWARDED_FOR', '$remote_addr'],
  ['HTTP_X_FORWARDED_PROTO', '$scheme'],
  ['HTTP_X_FORWARDED_HOST', '$app_host'],
  ...['X_FORWARDED_PORT', 'X_FORWARDED_PREFIX', 'FORWARDED', 'PROXY'].map((name): [string, string] => [`HTTP_${name}`, '"" if_not_empty']),
];

/** Passing a request on in one of these protocols; `more` are further variables. */
function pass(packets: Packets, at: Layout, more: [string, string][]): string {
  const told = [...TOLD, ...(packets === 'scgi' ? [['SCGI', '1'] as [string, string]] : []), ...more];
  return `
      ${packets}_pass unix:${at.sites}/$site;
      ${packets}_next_upstream off;
      ${packets}_connect_timeout 5s;
      ${packets}_send_timeout 60s;
      ${packets}_read_timeout 120s;
      ${packets}_max_temp_file_size 256m;
      ${packets}_intercept_errors off;
      ${packets}_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Charset;
${told.map(([name, value]) => `      ${packets}_param ${name} ${value};`).join('\n')}`;
}

const files = (at: Layout, way: Way) => `
      root ${at.siteHomesOf(way)}/$site/www/$site;
      disable_symlinks if_not_owner from=${at.siteHomesOf(way)}/$site;`;

const RESTARTING = 'error_page 502 504 /.berth/restarting.html;';

/** An app behind one of these protocols: public files first, then the app, exactly as for HTTP. */
function app(packets: Packets, at: Layout): string {
  return `
    location @${packets} {
      error_page 471 = @${packets}_app;
      ${RESTARTING}
      if ($uri_hidden) {
        return 471;
      }${files(at, packets)}
      try_files $uri @${packets}_app;
    }
    location @${packets}_app {${pass(packets, at, [
      ['SCRIPT_NAME', '""'],
      ['PATH_INFO', '$uri'],
    ])}
    }
`;
}

/** CGI scripts: the slot speaks HTTP, but what looks like a script is never sent as a file. */
const cgi = (at: Layout): string => `
    location @cgi {
      error_page 471 = @app;
      ${RESTARTING}
      if ($uri_script) {
        return 471;
      }${files(at, 'cgi')}
      try_files $uri $uri_index @app;
    }
`;

/**
 * PHP: a script that exists runs, other files are sent, everything else is the front controller's. What looks like PHP
 * is never sent as a file, and nothing runs as PHP whose own name does not end in .php.
 */
function php(at: Layout): string {
  const run = (script: string, info: string) =>
    pass('fastcgi', at, [
      ['REDIRECT_STATUS', '200'],
      ['DOCUMENT_ROOT', '$realpath_root'],
      ['SCRIPT_FILENAME', `$realpath_root${script}`],
      ['SCRIPT_NAME', script],
      ['PATH_INFO', info],
    ]);
  return `
    location @php {
      error_page 471 = @php_script;
      error_page 472 = @php_front;
      ${RESTARTING}
      if ($uri_php) {
        return 471;
      }
      if ($uri_hidden) {
        return 472;
      }${files(at, 'php')}
      index index.php index.html;
      try_files $uri $uri/ @php_front;
    }
    location @php_script {
      error_page 472 = @php_front;
      ${RESTARTING}${files(at, 'php')}
      fastcgi_split_path_info ^(.+?\\.php)(/.*|)$;
      if (!-f $document_root$fastcgi_script_name) {
        return 472;
      }${run('$fastcgi_script_name', '$fastcgi_path_info')}
    }
    location @php_front {${files(at, 'php')}
      if (!-f $document_root/index.php) {
        return 404;
      }${run('/index.php', '""')}
    }
`;
}

/** The words that the locations here test, each time anew: an internal redirect changes $uri. Read only for sites that do not speak HTTP. */
export const speechMaps = `
  map "$scheme $app_host" $site_port {
    default 80;
    "~:(?<told_port>[0-9]+)$" $told_port;
    "~^https " 443;
  }
  map $uri $uri_hidden {
    volatile;
    default "";
    "~/\\.(?!well-known/)" yes;
  }
  map $uri $uri_php {
    volatile;
    default "";
    "~*\\.ph(p[0-9s]?|t|tml|ar)(~|\\.(bak|old|orig|save|swp))?(/|$)" yes;
  }
  map $uri $uri_script {
    volatile;
    default "";
    "~/\\.(?!well-known/)" yes;
    "~^/cgi-bin(/|$)" yes;
    "~*\\.(cgi|fcgi|pl|pm|py|pyc|rb|sh|lua|tcl)(~|\\.(bak|old|orig|save|swp))?(/|$)" yes;
  }
  map $uri $uri_index {
    volatile;
    default $uri;
    "~/$" "\${uri}index.html";
  }
`;

const OTHERS = WAYS.filter(way => way !== 'http');

/** The tests that lead a site to its way. Only `return` stands inside an `if`. */
export function ways(at: Layout): string {
  const pages = OTHERS.map((way, place) => `      error_page ${461 + place} = @${way};`);
  const tests = OTHERS.map(
    (way, place) => `      if (-e ${at.siteHomesOf(way)}/$site) {
        return ${461 + place};
      }`,
  );
  return [...pages, ...tests].join('\n');
}

/** The locations of sites that are served by another way than plain HTTP. */
export function speechLocations(at: Layout): string {
  return [php(at), cgi(at), app('fastcgi', at), app('scgi', at), app('uwsgi', at)].join('');
}

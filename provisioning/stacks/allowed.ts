/** A package that a zygote may load. */
interface Allowed {
  /** Why its code may run as root, in a process that forks for everybody. */
  why: string;
  /** For a framework: the packages that are at work whenever it is. */
  with?: string[];
}

const PURE = 'pure Python that only defines things when it is imported';

/**
 * What may become part of a stack. Importing a package in a zygote runs its code as root, so this list is closed: known
 * projects with careful releases, which at import start nothing, open nothing and keep nothing of the machine or the path. Not
 * here for that reason: numpy, pandas and torch (threads), gevent and eventlet (they change the interpreter), grpc and uvloop
 * (state that does not survive a fork), setuptools (remembers the path), everything of a customer's.
 */
export const ALLOWED: Record<string, Allowed> = {
  django: { why: 'a framework; modules that need settings are left out by the trial', with: ['asgiref', 'sqlparse', 'pymysql'] },
  flask: {
    why: 'a framework of pure Python',
    with: ['werkzeug', 'jinja2', 'markupsafe', 'itsdangerous', 'click', 'blinker'],
  },
  fastapi: {
    why: 'a framework of pure Python',
    with: [
      'starlette',
      'pydantic',
      'pydantic-core',
      'annotated-types',
      'annotated-doc',
      'typing-extensions',
      'typing-inspection',
      'anyio',
      'sniffio',
      'idna',
      'opentelemetry-api',
    ],
  },
  starlette: { why: 'a framework of pure Python', with: ['anyio', 'sniffio', 'idna', 'typing-extensions'] },
  pyramid: {
    why: 'a framework; what loads pkg_resources is left out by the trial',
    with: ['webob', 'venusian', 'translationstring', 'zope-interface', 'zope-deprecation', 'plaster', 'plaster-pastedeploy'],
  },
  bottle: { why: 'a framework in one file of pure Python', with: [] },
  'annotated-doc': { why: PURE },
  'annotated-types': { why: PURE },
  anyio: { why: 'pure Python; its event loop is started by the app alone' },
  asgiref: { why: 'pure Python; threads are started by calls, never by the import' },
  blinker: { why: PURE },
  click: { why: PURE },
  'dj-database-url': { why: 'pure Python; reads its variable when it is called' },
  h11: { why: PURE },
  idna: { why: PURE },
  itsdangerous: { why: PURE },
  jinja2: { why: PURE },
  markupsafe: { why: 'a small compiled function without state' },
  'opentelemetry-api': { why: 'pure Python that does nothing without its SDK' },
  plaster: { why: PURE },
  'plaster-pastedeploy': { why: PURE },
  pydantic: { why: 'pure Python; plug-ins are looked for anew in every app' },
  'pydantic-core': { why: 'compiled, without threads; its caches hold types only' },
  pymysql: { why: 'pure Python; connects when it is told to' },
  'python-multipart': { why: PURE },
  sniffio: { why: PURE },
  sqlparse: { why: PURE },
  translationstring: { why: PURE },
  'typing-extensions': { why: PURE },
  'typing-inspection': { why: PURE },
  uvicorn: { why: 'pure Python; serves when it is told to' },
  venusian: { why: PURE },
  webob: { why: PURE },
  werkzeug: { why: PURE },
  whitenoise: { why: PURE },
  'zope-deprecation': { why: PURE },
  'zope-interface': { why: 'compiled, without threads; keeps declarations of classes only' },
};

/** Those of the list that an app is written for; a stack without one is of no use. */
export const FRAMEWORKS = Object.keys(ALLOWED).filter(name => ALLOWED[name]?.with);

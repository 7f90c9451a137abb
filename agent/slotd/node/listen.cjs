/**
 * Loaded into Node before the app (NODE_OPTIONS --require): the app's first listen() on any port becomes listen() on descriptor 3,
 * the socket of its slot. Everything else an app may ask of its server still works: the listening callback, address(), close(),
 * cluster workers. What listens later, on paths or on descriptors is left alone. On SIGTERM, unless the app sees to it itself, the
 * server takes nobody in any more, finishes what it accepted, and the process ends.
 */
'use strict';

const fs = require('node:fs');
const net = require('node:net');

const DOOR = 3;
const BACKLOG = 4096;
const DEFAULT_PORT = 3000;
const FINISH_MS = 25_000;
const original = net.Server.prototype.listen;
let server = null;

process.env.PORT ??= String(DEFAULT_PORT);

/** Whether descriptor 3 is the slot's socket: of this process, or of the primary that a cluster worker asks. */
function doorIsHere() {
  if (!process.env.BERTH_LISTENER || !require('node:worker_threads').isMainThread) return false;
  if (require('node:cluster').isWorker) return true;
  try {
    return String(fs.fstatSync(DOOR).ino) === process.env.BERTH_LISTENER;
  } catch {
    return false;
  }
}

/** {port, host, callback} of a listen() on a port, else null. */
function portCall(args) {
  const callback = args.find(one => typeof one === 'function');
  const [first, second] = args;
  if (typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first))) {
    return { port: Number(first), host: typeof second === 'string' ? second : undefined, callback };
  }
  if (first === undefined || first === null || typeof first === 'function') return { port: 0, callback };
  if (typeof first !== 'object' || 'fd' in first || '_handle' in first || 'handle' in first || first.path) return null;
  if (first instanceof net.Server || typeof first.listen === 'function') return null;
  return 'port' in first ? { port: Number(first.port) || 0, host: first.host, signal: first.signal, callback } : null;
}

/** Visitors come from the web server on this machine, which has ended TLS already. */
function receive(target) {
  target.prependListener('connection', socket => {
    if (socket.remoteAddress === undefined) {
      Object.defineProperties(socket, {
        remoteAddress: { value: '127.0.0.1', configurable: true },
        remoteFamily: { value: 'IPv4', configurable: true },
        remotePort: { value: 0, configurable: true },
      });
    }
  });
  if (typeof target.setSecureContext !== 'function') return;
  const [ours] = target.listeners('connection');
  target.removeAllListeners('connection');
  target.on('connection', ours);
  target.on('connection', socket => {
    socket.encrypted = true;
    target.emit('secureConnection', socket);
  });
}

/** What address() says: what the app asked for. */
function pretend(target, { port, host }) {
  const address = host === 'localhost' ? '127.0.0.1' : (host ?? '::');
  const told = { address, family: address.includes(':') ? 'IPv6' : 'IPv4', port: port || DEFAULT_PORT };
  target.address = () => (target.listening ? { ...told } : null);
}

function closeIdle() {
  if (typeof server.closeIdleConnections === 'function') server.closeIdleConnections();
}

/** Ends without losing anybody; an app with a handler of its own is left to it. */
function leave() {
  if (process.listeners('SIGTERM').some(listener => listener !== leave)) return;
  const end = () => process.exit(0);
  const cluster = require('node:cluster');
  setTimeout(end, FINISH_MS).unref();
  if (cluster.isPrimary && Object.keys(cluster.workers ?? {}).length > 0) {
    cluster.disconnect(end);
    return;
  }
  // An HTTP server's own close() would end idle connections at once, also those whose next request has just arrived.
  if (typeof server.closeIdleConnections === 'function') {
    server.prependListener('request', (_, answer) => {
      answer.shouldKeepAlive = false;
    });
    setInterval(closeIdle, 50);
  }
  net.Server.prototype.close.call(server, () => setImmediate(end));
}

net.Server.prototype.listen = function listen(...args) {
  const call = server === null && !this.listening ? portCall(args) : null;
  if (call === null || !doorIsHere()) return original.apply(this, args);
  server = this;
  receive(this);
  pretend(this, call);
  process.on('SIGTERM', leave);
  const options = call.signal ? { fd: DOOR, signal: call.signal } : { fd: DOOR };
  return original.call(this, options, BACKLOG, ...(call.callback ? [call.callback] : []));
};

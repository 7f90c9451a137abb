import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';

const AGENT = join(import.meta.dirname, '../../../agent');

/** A zygote that only writes down what it is asked for, and a clock that is turned by hand. */
const FRAME = `
import sys
sys.path.insert(0, sys.argv[1])
from slotd.server import nursery
class Clock:
    def __init__(self): self.now, self.todo = 0.0, []
    def monotonic(self): return self.now
    def later(self, seconds, act): self.todo.append((self.now + seconds, act))
    def until(self, now):
        while due := sorted((one for one in self.todo if one[0] <= now), key=lambda one: one[0]):
            self.todo.remove(due[0])
            self.now = due[0][0]
            due[0][1]()
        self.now = now
class Sock:
    def send(self, order): print(order.decode())
class Spare:
    def setblocking(self, _): pass
    def close(self): print("let go")
clock = nursery.time = Clock()
class Zygote(nursery.Zygote):
    def _stamp(self): return None
    def start(self): self.sock, self.pid, self.ready = Sock(), 1, True
class Keeper: loop = clock
zygote = Zygote(Keeper(), "x", "x")
def came(): zygote.asked -= 1; zygote._child(2, Spare())
def wake(): zygote.want(lambda pid, sock: print("woken"))
`;

function told(program: string): string[] {
  const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-I', '-S', '-B', '-c', FRAME + program, AGENT], { encoding: 'utf8' });
  if (stderr) throw new Error(stderr);
  return stdout.trim().split('\n');
}

test('a blank child holds pages of its own only for ten minutes after a start', t => {
  const program = `
zygote._refill(); came()
wake(); clock.until(1); came()
clock.until(300); wake(); clock.until(301); came()
clock.until(899); print("still")
clock.until(901); came()
clock.until(9000); print(len(clock.todo))`;
  t.deepEqual(told(program), ['calm', 'woken', 'fork', 'woken', 'fork', 'still', 'let go', 'calm', '0']);
});

test('a retired zygote asks for no other blank child', t => {
  t.deepEqual(told('zygote._refill(); came(); wake(); zygote.retired = True; clock.until(9000); print(zygote.settling)'), [
    'calm',
    'woken',
    'False',
  ]);
});

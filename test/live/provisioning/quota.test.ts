import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { layout } from '../../../provisioning/layout.ts';
import { enforced, quotas } from '../../../provisioning/machine/quota.ts';

const MB = 1_048_576;
const UID = 489_999;

test('a mount that enforces quotas is known by its options', t => {
  const mounts = [
    '/dev/vda / ext4 rw,relatime 0 0',
    '/dev/vdb /home ext4 rw,usrquota 0 0',
    '/dev/vdc /home/far xfs rw,noquota 0 0',
    '/dev/vdd /srv/homes xfs rw,attr2,usrquota,prjquota 0 0',
  ].join('\n');
  t.true(enforced(mounts, '/home'));
  t.true(enforced(mounts, '/srv/homes'));
  t.false(enforced(mounts, '/homes'));
  t.false(enforced(mounts, '/home/far'));
  t.false(enforced(mounts, '/'));
});

test('where the file system has quotas, an account holds no more than its plan says', async t => {
  if (process.getuid?.() !== 0) return t.pass('mounting needs root');
  const folder = mkdtempSync('/var/tmp/berth-quota-');
  const [image, homes] = [join(folder, 'disk.img'), join(folder, 'homes')];
  mkdirSync(homes);
  chmodSync(folder, 0o711);
  t.teardown(() => {
    spawnSync('/usr/bin/umount', [homes]);
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (...argv: string[]) => spawnSync(argv[0] ?? '', argv.slice(1), { encoding: 'utf8' });
  run('/usr/bin/truncate', '-s', '64M', image);
  const made = run('/usr/sbin/mkfs.ext4', '-q', '-O', 'quota', image);
  const mounted = run('/usr/bin/mount', '-o', 'loop,usrquota', image, homes);
  if (mounted.status !== 0) {
    t.log(`skipped: this kernel mounts no file system with quotas (${(made.stderr || mounted.stderr).split('\n')[0]})`);
    return t.pass();
  }
  const at = layout({ state: folder, run: folder, homes, code: process.cwd(), cgroup: 'none' });
  const disk = quotas(at);
  t.like(await disk.of(UID), { bytes: 0, mostBytes: 0 });
  await disk.set(UID, 8 * MB, 20);
  t.like(await disk.of(UID), { mostBytes: 8 * MB, mostInodes: 20 });
  const home = join(homes, 'ada');
  mkdirSync(home);
  chownSync(home, UID, UID);
  const write = (script: string) =>
    spawnSync('/usr/bin/python3', ['-c', script], { cwd: home, uid: UID, gid: UID, encoding: 'utf8' }).stderr;
  t.regex(write('open("big", "wb").write(bytes(20 << 20))'), /Disk quota exceeded/);
  const full = await disk.of(UID);
  t.true(full !== null && full.bytes <= 8 * MB && full.bytes > 7 * MB);
  t.regex(write('import os\nos.unlink("big")\nfor n in range(30): open(str(n), "w")'), /Disk quota exceeded/);
  writeFileSync(join(homes, 'root'), Buffer.alloc(20 * MB));
  await disk.set(UID, 0, 0);
  t.is(write('open("big", "wb").write(bytes(9 << 20))'), '');
});

import { spawn } from 'node:child_process';
import { cp, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const MACHINES: Partial<Record<NodeJS.Architecture, { kernel: string; program: string }>> = {
  x64: { kernel: 'linux-image-cloud-amd64', program: 'qemu-system-x86_64' },
};
const PACKAGES = ['systemd-sysv', 'dbus', 'python3', 'kmod', 'initramfs-tools'];
const UNIT = `[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'exec /usr/bin/python3 -u /berth/checks.py >/dev/ttyS1 2>&1'
ExecStopPost=/usr/bin/systemctl --no-block poweroff
TimeoutStartSec=280
[Install]
WantedBy=multi-user.target
`;

/** Runs a program to its end and answers its status, and all it said. */
export function say(argv: string[], seconds = 600): Promise<{ code: number | null; text: string }> {
  return new Promise((done, fail) => {
    const [program = '', ...args] = argv;
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: seconds * 1000, killSignal: 'SIGKILL' });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
    }
    child.on('error', fail);
    child.on('close', code => done({ code, text }));
  });
}

async function must(argv: string[]): Promise<void> {
  const { code, text } = await say(argv);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${text.slice(-2000)}`);
}

/** Why a guest cannot run here, or null. */
export async function unable(): Promise<string | null> {
  if (process.env.BERTH_TEST_QEMU !== '1') return 'set BERTH_TEST_QEMU=1 to boot a guest of its own (five minutes, 2 GB of disk)';
  if (process.getuid?.() !== 0) return 'making a guest needs root';
  const machine = MACHINES[process.arch];
  if (!machine) return `there is no guest for ${process.arch}`;
  for (const program of [machine.program, 'debootstrap', 'mkfs.ext4']) {
    if ((await say(['/usr/bin/which', program])).code !== 0) return `${program} is not installed`;
  }
  return null;
}

/** A Debian with systemd and Berth's slot server, as an image that runs the checks when it boots; kept trees are used again. */
export async function image(folder: string, code: string): Promise<{ argv: string[]; told: string }> {
  const machine = MACHINES[process.arch]!;
  const tree = process.env.BERTH_TEST_QEMU_TREE ?? join(folder, 'tree');
  const boot = join(tree, 'boot');
  if (!(await readdir(boot).catch(() => [])).some(name => name.startsWith('initrd.img-'))) {
    const include = [...PACKAGES, machine.kernel].join(',');
    await must(['debootstrap', '--variant=minbase', `--include=${include}`, 'bookworm', tree]);
  }
  const berth = join(tree, 'berth');
  await rm(berth, { recursive: true, force: true });
  await mkdir(join(berth, 'agent'), { recursive: true });
  await cp(join(code, 'agent/slotd'), join(berth, 'agent/slotd'), { recursive: true });
  await cp(join(code, 'test/live/guest/checks.py'), join(berth, 'checks.py'));
  await writeFile(join(tree, 'etc/systemd/system/berth-checks.service'), UNIT);
  const wanted = join(tree, 'etc/systemd/system/multi-user.target.wants/berth-checks.service');
  await rm(wanted, { force: true });
  await symlink('/etc/systemd/system/berth-checks.service', wanted);
  const disk = join(folder, 'disk.img');
  await rm(disk, { force: true });
  await must(['mkfs.ext4', '-q', '-d', tree, disk, '1500M']);
  const found = (await readdir(boot)).sort();
  const last = (start: string) => join(boot, found.filter(name => name.startsWith(start)).at(-1) ?? start);
  const second = join(folder, 'second.img');
  await must(['truncate', '-s', '64M', second]);
  const drive = `file=${disk},format=raw,if=virtio,cache=unsafe`;
  const words = 'root=/dev/vda rw console=ttyS0 quiet systemd.show_status=0 systemd.unified_cgroup_hierarchy=1';
  // A port of its own: what signs people in on the first one hangs up whoever wrote there before.
  const told = join(folder, 'told');
  const bare = [machine.program, '-accel', 'tcg,thread=multi', '-m', '2048', '-smp', '2', '-nographic', '-no-reboot', '-net', 'none'];
  const ports = ['-serial', 'mon:stdio', '-serial', `file:${told}`];
  const drives = ['-drive', drive, '-drive', drive.replace(disk, second)];
  return { told, argv: [...bare, ...ports, ...drives, '-kernel', last('vmlinuz-'), '-initrd', last('initrd.img-'), '-append', words] };
}

import { accountSaid } from '../../../panel/middleware/words.ts';
import { long, now } from './fixtures.ts';

const part = (words: string, share: number) => ({ words, part: share, whole: 100 });
export const hosts = [
  {
    name: 'local',
    said: { tone: 'good', word: 'Online', fact: '' },
    system: 'Debian 12 · 2 cores',
    cpu: part('12 %', 12),
    memory: part('3.1 of 8 GB', 39),
    disk: part('96 of 100 GB', 96),
    accounts: 1204,
    awake: '31 of 2 209',
  },
  {
    name: 'host-with-a-rather-long-name.example.org',
    said: { tone: 'bad', word: 'Away', fact: 'since 12 minutes' },
    system: 'unknown',
    cpu: null,
    memory: null,
    disk: null,
    accounts: 800,
    awake: '–',
  },
];
export const host = {
  ...hosts[0]!,
  figures: [
    { name: 'CPU', value: '12 %', sub: 'load 0.3', part: 12, whole: 100 },
    { name: 'Memory', value: '3.1 GB', sub: 'of 8 GB', part: 39, whole: 100 },
    { name: 'Disk', value: '96 GB', sub: 'of 100 GB', part: 96, whole: 100 },
    { name: 'Apps awake', value: '31', sub: 'of 2 209' },
    { name: 'Up', value: '9 days', sub: '' },
  ],
  versions: [
    ['Berth', '0.1.0'],
    ['Python', '3.11.2'],
    ['nginx', '1.22.1'],
    ['MariaDB', '10.11.6'],
  ],
  drift: [{ account: 'grace', why: 'Serve shop-grace.example.org' }],
};

export const limits = {
  memoryMb: 1024,
  cpuPercent: 200,
  processes: 100,
  diskMb: 5120,
  inodes: 200_000,
  databases: 10,
  apps: 10,
  slots: 10,
  bandwidthMb: 100_000,
  idleSeconds: 300,
};
export const plans = [
  { name: 'small', limits, accounts: 12 },
  { name: 'a-plan-with-quite-a-long-name', limits: { ...limits, memoryMb: 32_768 }, accounts: 0 },
];
export const accounts = [
  { username: 'ada', email: 'ada@example.org', said: accountSaid('active'), plan: 'small', host: 'local', apps: 3, createdAt: now - 9e8 },
  {
    username: 'grace',
    email: `${long}.${long}@a-very-long-domain.example.org`,
    said: accountSaid('suspended', 'Invoice 4711 is open'),
    plan: 'small',
    host: 'local',
    apps: 0,
    createdAt: now - 9e9,
  },
];
export const account = { ...accounts[0]!, uid: 200_001, externalId: 'WHMCS-77', state: 'active', limits };
export const usage = [
  { name: 'Disk', words: '1.2 of 5 GB', part: 24, whole: 100 },
  { name: 'Files', words: '181 200 of 200 000', part: 91, whole: 100 },
  { name: 'Requests', words: '12 400' },
];

import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

function rangeOf(text: string): { net: string; bits: number; family: 'ipv4' | 'ipv6' } | null {
  const [net = '', bits, ...rest] = text.split('/');
  const version = isIP(net);
  const most = version === 4 ? 32 : 128;
  if (version === 0 || rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits)) || Number(bits ?? most) > most) return null;
  return { net, bits: Number(bits ?? most), family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** An address or a range of them, such as 203.0.113.7 or 2001:db8::/48. */
export const addressRange = z
  .string()
  .max(60)
  .refine(text => rangeOf(text) !== null, 'use an address or a range, such as 203.0.113.7 or 203.0.113.0/24');

/** Whether a peer is at one of these addresses; no range at all means anywhere. */
export function isWithin(peer: string, ranges: readonly string[]): boolean {
  if (ranges.length === 0) return true;
  const address = peer.replace(/^::ffff:(?=\d+\.)/, '');
  const version = isIP(address);
  if (version === 0) return false;
  const list = new BlockList();
  for (const text of ranges) {
    const range = rangeOf(text);
    if (range) list.addSubnet(range.net, range.bits, range.family);
  }
  return list.check(address, version === 4 ? 'ipv4' : 'ipv6');
}

import { stacks as catalog } from '../../provisioning/catalog/stacks.ts';
import type { Host } from '../../provisioning/host.ts';
import { fromCatalog, type StackSpec, stackSpec } from '../../provisioning/stacks/spec.ts';

/** What was wanted by the hoster or by Berth itself. A file that cannot be read is told and left alone. */
async function wishes(host: Host, log: (line: string) => void): Promise<StackSpec[]> {
  const { stackSpecs } = host.layout;
  const found: StackSpec[] = [];
  for (const file of await host.list(stackSpecs)) {
    if (!file.endsWith('.json') || file.startsWith('.')) continue;
    try {
      found.push(stackSpec.parse(JSON.parse((await host.text(`${stackSpecs}/${file}`)) ?? '')));
    } catch (error) {
      log(`the wish ${stackSpecs}/${file} cannot be read: ${error instanceof Error ? error.message : error}`);
    }
  }
  return found;
}

/** Every stack that is wanted on a host: those of the catalog, the hoster's, and Berth's own. */
export async function wantedStacks(host: Host, log: (line: string) => void): Promise<StackSpec[]> {
  return [...catalog().map(fromCatalog), ...(await wishes(host, log))];
}

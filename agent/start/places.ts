import { join } from 'node:path';
import type { Layout } from '../../provisioning/layout.ts';

/** The launcher's own files, beside those of the host. */
export function places(at: Layout) {
  return {
    /** Answered as long as a launcher lives; tells a second one to stay away. */
    lock: join(at.run, 'start.sock'),
    /** Temporary files of root's children: the usual /tmp could be prepared by any user. */
    rootTemp: join(at.run, 'tmp'),
    /** Only the panel may pass: its temporary files, and the code when it lies where only root can read. */
    panel: join(at.run, 'panel'),
    panelTemp: join(at.run, 'panel', 'tmp'),
    panelCode: join(at.run, 'panel', 'code'),
    panelNode: join(at.run, 'panel', 'node'),
    /** How the panel signs in to the embedded database. */
    panelLogin: join(at.state, 'panel.json'),
    /** How far the first start came, and the administrator's sign-in until it was told. */
    progress: join(at.state, 'start.json'),
    mysqlStaging: join(at.state, 'mysql.new'),
    mysqlTemp: join(at.state, 'mysql-tmp'),
    mysqlInit: join(at.run, 'mysql-init.sql'),
    mysqlPid: join(at.mysqlRun, 'mysqld.pid'),
    log: (name: string) => join(at.logs, `${name}.log`),
  };
}
export type Places = ReturnType<typeof places>;

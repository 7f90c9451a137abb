import { connect } from 'node:net';
import { Failed } from '../errors.ts';
import type { SlotStatus } from '../slot/spec.ts';
import type { ZygoteStatus } from '../stacks/spec.ts';

const ANSWER_SECONDS = 90;

type Reply = { ok: true; slots?: SlotStatus[]; alive?: number; stacks?: string[]; zygotes?: ZygoteStatus[] } | { ok: false; error: string };

/** Asks slotd one thing over its control socket. Throws Failed when it is away or says no. */
export function askSlotd(socket: string, request: object): Promise<Extract<Reply, { ok: true }>> {
  return new Promise((done, fail) => {
    const line = connect(socket);
    let text = '';
    line.setEncoding('utf8');
    line.setTimeout(ANSWER_SECONDS * 1000, () => line.destroy(new Error('no answer in time')));
    line.on('connect', () => line.write(`${JSON.stringify(request)}\n`));
    line.on('data', chunk => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end < 0) return;
      line.end();
      const reply = JSON.parse(text.slice(0, end)) as Reply;
      if (reply.ok) done(reply);
      else fail(new Failed(`The slot server refused: ${reply.error}.`));
    });
    line.on('error', error =>
      fail(
        new Failed(`The slot server did not answer: ${error.message}.`, {
          help: 'It is started again by itself; try again in a few seconds.',
        }),
      ),
    );
    line.on('close', () => fail(new Failed('The slot server closed the line without an answer.')));
  });
}

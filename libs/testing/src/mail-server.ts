// As much of an SMTP server (RFC 5321) as a client needs to hand over a mail, and as much of its faults as a test asks for.
import { createServer, type AddressInfo, type Socket } from 'node:net';

export type ReceivedMail = { from: string; to: string[]; content: string };

/** Ends the connection in the place of an answer. */
export const hangUp = Symbol('hang up');
/** Leaves the client without an answer. */
export const saysNothing = Symbol('says nothing');
/**
 * What the server answers to a command: undefined takes it, a text such as `451 try later` refuses it. `CONNECT` stands for the connection
 * itself, whose answer is the greeting; `.` for the end of a text: a text that is refused there was not taken, one to which it hangs up was.
 */
export type AnswerTo = (command: string) => string | typeof hangUp | typeof saysNothing | undefined;

const isRefusal = (answer: ReturnType<AnswerTo>): boolean => typeof answer === 'string';

export const startMailServer = async (answerTo: AnswerTo = () => undefined) => {
  const received: ReceivedMail[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    const say = (command: string, otherwise: string): void => {
      const answer = answerTo(command) ?? otherwise;
      if (answer === hangUp) socket.destroy();
      else if (answer !== saysNothing) socket.write(`${String(answer)}\r\n`);
    };
    let rest = '';
    let mail: ReceivedMail = { from: '', to: [], content: '' };
    let inContent = false;
    const end = (): void => {
      const answer = answerTo('.');
      if (!isRefusal(answer)) received.push(mail);
      mail = { from: '', to: [], content: '' };
      inContent = false;
      if (answer === hangUp) socket.destroy();
      else if (answer !== saysNothing) socket.write(`${String(answer ?? '250 taken')}\r\n`);
    };
    const handle = (command: string): void => {
      const [, address = ''] = /<(.*)>/.exec(command) ?? [];
      if (command.startsWith('MAIL FROM')) mail.from = address;
      if (command.startsWith('RCPT TO')) mail.to.push(address);
      inContent = command === 'DATA';
      say(command, inContent ? '354 go on' : '250 fine');
    };
    say('CONNECT', '220 mail.example.org');
    socket.on('data', (data) => {
      const lines = (rest + data.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (!inContent) handle(line);
        else if (line === '.') end();
        else mail.content += `${line}\n`;
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cutConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    /** As when the process at their other end dies. */
    cutConnections,
    close: async () => {
      cutConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

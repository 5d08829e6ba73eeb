// As much of an SMTP server (RFC 5321) as a client needs to hand over a mail.
import { createServer, type Socket } from 'node:net';

export type ReceivedMail = { from: string; to: string[]; content: string };

/** `answerTo` may refuse a command, e.g. `451 try later`; undefined takes it. */
export const startMailServer = async (answerTo: (command: string) => string | undefined = () => undefined) => {
  const received: ReceivedMail[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    socket.write('220 mail.example.org\r\n');
    let rest = '';
    let mail: ReceivedMail = { from: '', to: [], content: '' };
    let inContent = false;
    socket.on('data', (data) => {
      const lines = (rest + data.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (inContent && line !== '.') mail.content += `${line}\n`;
        else socket.write(`${handle(line)}\r\n`);
      }
    });
    const handle = (line: string): string => {
      if (inContent) {
        inContent = false;
        received.push(mail);
        mail = { from: '', to: [], content: '' };
        return '250 taken';
      }
      const refusal = answerTo(line);
      if (refusal) return refusal;
      const [, address = ''] = /<(.*)>/.exec(line) ?? [];
      if (line.startsWith('MAIL FROM')) mail.from = address;
      if (line.startsWith('RCPT TO')) mail.to.push(address);
      inContent = line === 'DATA';
      return inContent ? '354 go on' : '250 fine';
    };
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `smtp://127.0.0.1:${address && typeof address === 'object' ? address.port : 0}`, received, close };
};

// A small mail server: takes over SMTP whatever comes, and keeps it.

import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { until } from './page.mjs';

export async function postOffice(port) {
  const mails = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    async onData(stream, session, taken) {
      const parts = [];
      for await (const part of stream) parts.push(part);
      const mail = await simpleParser(Buffer.concat(parts));
      mail.raw = Buffer.concat(parts).toString();
      mail.envelope = session.envelope;
      mails.push(mail);
      taken();
    },
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    mailFor: (address) =>
      until(`a mail for ${address}`, () => mails.find((m) => m.envelope.rcptTo.some((to) => to.address === address))),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

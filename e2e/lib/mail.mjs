// Reads what the server really delivered over SMTP: from the demo's mailbox, as the
// raw message, parsed by an independent library.

import { simpleParser } from 'mailparser';
import { fetchText } from './server.mjs';
import { until } from './page.mjs';

export async function mailFor(server, address, which = () => true) {
  return until(`a mail for ${address}`, async () => {
    const { body } = await fetchText(`${server.url}/demo/mail.json`);
    const list = JSON.parse(body);
    const messages = list.messages ?? list;
    for (const m of messages) {
      if (!JSON.stringify(m.to).includes(address)) continue;
      const raw = await fetchText(`${server.url}/demo/mail/${m.id}/raw`);
      const parsed = await simpleParser(raw.body);
      parsed.raw = raw.body;
      if (which(parsed)) return parsed;
    }
    return undefined;
  });
}

export function linkIn(mail) {
  const match = /https?:\/\/\S+\/t\/[a-z0-9-]+#[A-Za-z0-9_-]+/.exec(mail.text);
  if (!match) throw new Error(`no link in the mail: ${mail.text}`);
  return match[0];
}

import { joined } from "./font";

/** The name of an object, as others refer to it. */
export type Ref = string;

const encoder = new TextEncoder();

/** Objects of a PDF, one after the other (ISO 32000-1 §7.5). */
export class Objects {
  private readonly bodies: (Uint8Array | undefined)[] = [];

  /** A name for what is yet to be said: objects refer to each other. */
  name(): Ref {
    this.bodies.push(undefined);
    return `${String(this.bodies.length)} 0 R`;
  }

  say(ref: Ref, body: string): Ref {
    this.bodies[Number.parseInt(ref) - 1] = encoder.encode(body);
    return ref;
  }

  add(body: string): Ref {
    return this.say(this.name(), body);
  }

  async stream(bytes: Uint8Array<ArrayBuffer>, entries = "", pressed = true): Promise<Ref> {
    const small = pressed ? await press(bytes) : undefined;
    const inside = small ?? bytes;
    const filter = small ? " /Filter /FlateDecode" : "";
    const ref = this.name();
    this.bodies[Number.parseInt(ref) - 1] = joined([
      encoder.encode(`<< /Length ${String(inside.length)}${filter} ${entries} >>\nstream\n`),
      inside,
      encoder.encode("\nendstream"),
    ]);
    return ref;
  }

  file(root: Ref, info: Ref): Uint8Array<ArrayBuffer> {
    // The second line tells programs that it is no text.
    const parts: Uint8Array[] = [encoder.encode("%PDF-1.7\n%\u00e4\u00f6\u00fc\u00df\n")];
    let at = parts[0]?.length ?? 0;
    const places: number[] = [];
    this.bodies.forEach((body, n) => {
      const whole = joined([
        encoder.encode(`${String(n + 1)} 0 obj\n`),
        body ?? encoder.encode("null"),
        encoder.encode("\nendobj\n"),
      ]);
      places.push(at);
      at += whole.length;
      parts.push(whole);
    });
    const size = String(places.length + 1);
    const table = places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("");
    parts.push(
      encoder.encode(
        `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root ${root} /Info ${info} >>\nstartxref\n${String(at)}\n%%EOF\n`,
      ),
    );
    return joined(parts);
  }
}

/** As PDFs have texts for people: UTF-16, in hexadecimal. */
export function text(said: string): string {
  return `<FEFF${hex(said)}>`;
}

export function hex(said: string): string {
  return Array.from({ length: said.length }, (_, at) => hex16(said.charCodeAt(at))).join("");
}

export function hex16(n: number): string {
  return n.toString(16).toUpperCase().padStart(4, "0");
}

/** Undefined where this browser cannot. */
async function press(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array | undefined> {
  if (typeof CompressionStream === "undefined") return undefined;
  const pressed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(pressed).arrayBuffer());
}

// One direction of a bad way, for datagrams: so many kbit/s with a queue that is bounded in bytes and drops what comes
// last, a delay that may vary, and a share that gets lost. Which ones is decided by a seed: a second run loses the same.

const HEADERS = 28; // IPv4 and UDP (RFC 791, RFC 768)
const QUEUE_MS = 300; // what cheap routers hold, and never less than three whole datagrams
const LEAST_QUEUE = 4_500;

export class Line {
  #freeAt = 0;
  #lastAt = 0;
  #random;
  #timers = new Set();

  constructor({ kbit = Infinity, queue, delay = 0, jitter = 0, loss = 0, seed = 1, now = () => performance.now() } = {}) {
    Object.assign(this, { kbit, delay, jitter, loss, now });
    this.queue = queue ?? Math.max(LEAST_QUEUE, (kbit / 8) * QUEUE_MS);
    this.#random = seeded(seed);
    this.dropped = 0;
    this.lost = 0;
    this.carried = 0;
  }

  // When a datagram that comes now is there; undefined where it never is.
  take(bytes) {
    const size = bytes + HEADERS;
    if (this.#random() < this.loss) {
      this.lost += 1;
      return undefined;
    }
    const now = this.now();
    const waiting = Math.max(0, this.#freeAt - now) * (this.kbit / 8); // bytes that are before it
    if (this.kbit !== Infinity && waiting + size > this.queue) {
      this.dropped += 1;
      return undefined;
    }
    this.#freeAt = Math.max(now, this.#freeAt) + (size * 8) / this.kbit;
    this.carried += 1;
    // What varies is how long a datagram takes, not which one comes first.
    this.#lastAt = Math.max(this.#lastAt, this.#freeAt + this.delay + this.#random() * this.jitter);
    return this.#lastAt;
  }

  carry(bytes, deliver) {
    const at = this.take(bytes);
    if (at === undefined) return;
    const wait = at - this.now();
    if (wait < 0.5) {
      deliver();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      deliver();
    }, wait);
    this.#timers.add(timer);
  }

  close() {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

// Numbers from 0 to 1 that are the same for the same seed (mulberry32, public domain).
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

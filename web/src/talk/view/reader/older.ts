/**
 * The library takes for granted what browsers have had only since the end of 2023 (Chromium 119, Firefox 121, Safari 17.4),
 * also in its part for older ones. Imported before it.
 */
interface Resolvers {
  promise: Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
}

const promises = Promise as unknown as { withResolvers?: () => Resolvers };
promises.withResolvers ??= () => {
  const made: Partial<Resolvers> = {};
  const promise = new Promise<unknown>((resolve, reject) => Object.assign(made, { resolve, reject }));
  return Object.assign(made, { promise }) as Resolvers;
};

// Since Chromium 114, Firefox 122, Safari 17.4; a copy does as well, and only takes more room.
const buffers = ArrayBuffer.prototype as unknown as {
  transferToFixedLength?: (this: ArrayBuffer, size?: number) => ArrayBuffer;
};
buffers.transferToFixedLength ??= function (size) {
  return this.slice(0, size);
};

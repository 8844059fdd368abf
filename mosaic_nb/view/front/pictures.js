// Pictures on their way to the screen: decoded beside the page's own work, and only as many as can be painted.

// Where it is safe from eavesdroppers a page has ImageDecoder, at two thirds of the cost: no Blob has to be made.
export async function decode(format, bytes) {
  const type = `image/${format}`;
  if (!globalThis.ImageDecoder) return createImageBitmap(new Blob([bytes], { type }));
  const decoder = new ImageDecoder({ data: bytes, type });
  try {
    return (await decoder.decode()).image;
  } finally {
    decoder.close();
  }
}

// Returns a function that takes messages with pictures and has the newest drawn, at most one in a frame of the
// screen; what it returns is settled when nothing is left to draw. A message without pictures keeps those before it.
export function buildProjector(draw) {
  let next = null;
  let running = null;
  async function run() {
    while (next) {
      const { message, pictured, buffers } = next;
      next = null;
      const open = (picture) => picture.buffer === null ? null : decode(picture.format, buffers[picture.buffer]);
      const images = await Promise.all(pictured.pictures.map(open));
      if (!document.hidden) await new Promise(requestAnimationFrame);
      draw(message, pictured, images);
    }
  }
  return (message, buffers) => {
    next = next && !message.pictures.length ? { ...next, message } : { message, pictured: message, buffers };
    running ??= run().finally(() => (running = null));
    return running;
  };
}

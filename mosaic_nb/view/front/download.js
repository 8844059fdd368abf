// A file from the kernel, offered to the person as the browser's own download.

import { make } from "./elements.js";

export function offer({ name, mime }, [content]) {
  const url = URL.createObjectURL(new Blob([content], { type: mime }));
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // a slow disk may still be reading
}

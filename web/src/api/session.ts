// Who asks: a browser of the server's machine by the cookie of its one-time link, any other by a key.

const slot = "easel.key";
let key = read();
let denied = false;
const listeners = new Set<() => void>();

function read(): string {
  try {
    return sessionStorage.getItem(slot) ?? localStorage.getItem(slot) ?? "";
  } catch {
    return "";
  }
}

function tell() {
  for (const listener of listeners) listener();
}

export const session = {
  /** headers are those that say who asks. */
  headers(): Record<string, string> {
    return key ? { Authorization: `Bearer ${key}` } : {};
  },
  hasKey: () => key !== "",
  /** isDenied tells that the server wants a key (401): the sign-in page stands over the work, which is kept. */
  isDenied: () => denied,
  deny() {
    if (!denied) {
      denied = true;
      tell();
    }
  },
  /** signIn takes a key; remember keeps it beyond this tab. */
  signIn(secret: string, remember: boolean) {
    key = secret;
    denied = false;
    try {
      (remember ? localStorage : sessionStorage).setItem(slot, secret);
    } catch {
      // it holds until the page is closed
    }
    tell();
  },
  /** forget drops the copy of the key that this browser keeps; this page goes on with it until it is closed. */
  forget() {
    try {
      sessionStorage.removeItem(slot);
      localStorage.removeItem(slot);
    } catch {
      // nothing was kept
    }
  },
  signOut() {
    session.forget();
    key = "";
    denied = true;
    tell();
  },
  subscribe(listener: () => void) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};

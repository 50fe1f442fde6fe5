/** keepShell lets the pages open without a server (shell-worker.js), and loads them anew when they were replaced. */
export function keepShell() {
  // A page of the version before asks for a part that the server has no more. One that is gone itself is waited for.
  addEventListener("vite:preloadError", async () => {
    const there = await fetch("/", { method: "HEAD", cache: "no-store" }).catch(() => undefined);
    if (!there?.ok) return;
    const last = Number(sessionStorage.getItem("easel.reloaded") ?? 0);
    if (Date.now() - last < 10_000) return; // it did not help: the error is shown
    sessionStorage.setItem("easel.reloaded", String(Date.now()));
    location.reload();
  });
  if (import.meta.env.PROD && "serviceWorker" in navigator) {
    // It loads every page: after what is looked at stands.
    const register = () => void navigator.serviceWorker.register("/sw.js").catch(() => {}); // not a secure page: it works without
    addEventListener("load", () => setTimeout(register, 2000));
  }
}

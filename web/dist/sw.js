// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-7a86156d78b7";
const files = "/ /assets/Backends-Cc-C6cmW.js /assets/MaskEditor-BWYnbys6.js /assets/ahead-_TG-Kl4T.js /assets/base-Dlvw4_u4.js /assets/check-CL5EZ8XC.js /assets/copy-BkAuzOPC.js /assets/index-CYtCwnsZ.css /assets/index-CpeeNBDv.js /assets/other-C9uWEZX_.js /assets/queue-BA99VImm.js /assets/results-CsTqez4e.js /assets/rolldown-runtime-WkwZ5CU-.js /assets/settings-Cmv60a6U.js /assets/start-D0rmGVYg.js /assets/toaster-BfRS4zR1.js /assets/useQueries-9AscCGJs.js /assets/workflows-CkiBTXT5.js /icon.svg /theme.js".split(" ");

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(version)
      .then((cache) => cache.addAll(files))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((keys) => Promise.all(keys.filter((k) => k !== version).map((k) => caches.delete(k))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (
    event.request.method !== "GET" ||
    url.origin !== self.location.origin ||
    url.pathname.startsWith("/api/") ||
    url.pathname === "/login"
  )
    return;
  if (event.request.mode === "navigate") {
    event.respondWith(fetch(event.request).catch(() => caches.match("/").then((page) => page ?? Response.error())));
    return;
  }
  if (url.pathname.startsWith("/assets/")) {
    event.respondWith(caches.match(event.request).then((kept) => kept ?? fetch(event.request)));
    return;
  }
  event.respondWith(fetch(event.request).catch(() => caches.match(event.request).then((kept) => kept ?? Response.error())));
});

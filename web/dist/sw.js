// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-459e7219ae2d";
const files = "/ /assets/Backends-FUwBKqwH.js /assets/MaskEditor-DHN73j_T.js /assets/ahead-_TG-Kl4T.js /assets/base-4vuVx0Ho.js /assets/check-BmCVEWtg.js /assets/copy-Djyakj5s.js /assets/index-BEpTrps9.css /assets/index-hNTUIWac.js /assets/labels-BtPbMzr5.js /assets/other-DxJNCr7r.js /assets/queue-CaYf7wz3.js /assets/results-CLtfRBzS.js /assets/rolldown-runtime-WkwZ5CU-.js /assets/settings-CKOUDnIt.js /assets/start-D0rmGVYg.js /assets/useQuery-CGrb7Vx-.js /assets/workflows-8XTbuGlC.js /assets/zoom-out-DbZyfXZZ.js /icon.svg /theme.js".split(" ");

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

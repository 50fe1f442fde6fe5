// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-fdcce314ad5d";
const files = "/ /assets/Backends-9P7rOVyC.js /assets/MaskEditor-55JiZoBo.js /assets/ahead-_TG-Kl4T.js /assets/base-CPCpQ_P1.js /assets/check-W0h5m10n.js /assets/copy-5SDR__eG.js /assets/index-CyGAh_x-.css /assets/index-Q-5unaD7.js /assets/other-D05hhDe6.js /assets/queue-q4YiWUDN.js /assets/results-Bw-VWNEp.js /assets/rolldown-runtime-WkwZ5CU-.js /assets/settings-CUahjt-n.js /assets/start-D0rmGVYg.js /assets/toaster-Bq7g6u86.js /assets/useQueries-C1N_uq9o.js /assets/workflows-DWfF6Jgg.js /assets/zoom-out-ruI_GgTt.js /icon.svg /theme.js".split(" ");

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

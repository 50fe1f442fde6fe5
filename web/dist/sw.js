// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-40457f5dca83";
const files = "/ /assets/Backends-BzUiqYCZ.js /assets/MaskEditor-DQOWvp4Q.js /assets/ahead-_TG-Kl4T.js /assets/base-OkIWBKJH.js /assets/check-Bb6hAdgM.js /assets/copy-Liws-Ah1.js /assets/index-BEpTrps9.css /assets/index-DYiWCIoX.js /assets/labels-C1VR--g-.js /assets/other-DomjBOEy.js /assets/queue-AA6Wsp4O.js /assets/results-ELqDvOOy.js /assets/rolldown-runtime-WkwZ5CU-.js /assets/settings-C6etBgL5.js /assets/start-D0rmGVYg.js /assets/useQuery-B4BC8V15.js /assets/workflows-BCeFSbEB.js /assets/zoom-out-D9SxnoCm.js /icon.svg /theme.js".split(" ");

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

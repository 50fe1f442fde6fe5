// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-de6854499355";
const files = "/ /assets/Backends-CIoYmuAo.js /assets/MaskEditor-CWCpBBH3.js /assets/ahead-_TG-Kl4T.js /assets/base-_dEl2Tyh.js /assets/check-C11eM1km.js /assets/copy-040P_yUC.js /assets/index-BVS8JWUs.js /assets/index-DruBdP-i.css /assets/labels-Bryl3ci7.js /assets/other-T9HEDjdf.js /assets/queue-BgLHFD4L.js /assets/results-D1HO4OvY.js /assets/rolldown-runtime-WkwZ5CU-.js /assets/settings-D3jhh8ar.js /assets/start-D0rmGVYg.js /assets/useQuery-CHgwKsIn.js /assets/workflows-CG9niTJb.js /assets/zoom-out-BJ4zmHlL.js /icon.svg /theme.js".split(" ");

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

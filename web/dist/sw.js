// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-b552f922349c";
const files = "/ /assets/Backends-DRPqaAa2.js /assets/MaskEditor-BHAJBQFy.js /assets/ahead-_TG-Kl4T.js /assets/base-BK3xxjEv.js /assets/check-DlxO3UEn.js /assets/copy-DWS_dcgr.js /assets/index-BdapEdT0.js /assets/index-BfJGlDya.css /assets/labels-hZ196yG2.js /assets/other-Dh7Y6kB2.js /assets/queue-CIu14de2.js /assets/results-DfWmTVwn.js /assets/rolldown-runtime-WkwZ5CU-.js /assets/settings-CtetWRsF.js /assets/start-D0rmGVYg.js /assets/useQuery-rfQq9nUe.js /assets/workflows-D6RvTAZW.js /assets/zoom-out-DyjRY1Pv.js /icon.svg /theme.js".split(" ");

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

// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-49774f9af3de";
const files = "/ /assets/Backends-Cn31Fs9-.js /assets/MaskEditor-B1_7mJN_.js /assets/ahead-_TG-Kl4T.js /assets/base-BsKqLja2.js /assets/check-CVaiWLQ9.js /assets/copy-F-9vK-f2.js /assets/index-BeCnPA0U.css /assets/index-D6xzK8px.js /assets/other-kVJ5OzdN.js /assets/queue-DyPhwdFN.js /assets/results-D-eg0CIB.js /assets/rolldown-runtime-WkwZ5CU-.js /assets/settings-B3XfX0lP.js /assets/start-D0rmGVYg.js /assets/toaster-MhMDwmW7.js /assets/useQueries-CVgFwpjZ.js /assets/workflows-CskLvJvS.js /icon.svg /theme.js".split(" ");

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

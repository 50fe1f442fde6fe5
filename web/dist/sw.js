// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-0ac95513c43d";
const files = "/ /assets/Backends-BHzObVJg.js /assets/MaskEditor-Dz7Cn3qa.js /assets/ahead-_TG-Kl4T.js /assets/base-px9QyP_R.js /assets/check-CGeL25KE.js /assets/copy-CYi80P0t.js /assets/index-KxuEIzAb.js /assets/index-M5O-mrhm.css /assets/labels-DdE0f_IG.js /assets/other-Dt4HaJTL.js /assets/queue-BIyQDw5f.js /assets/results-BYb3RrzD.js /assets/rolldown-runtime-WkwZ5CU-.js /assets/settings-D0rmssSR.js /assets/start-D0rmGVYg.js /assets/useQuery-XcPBpYSL.js /assets/workflows-Cf9d5vuJ.js /assets/zoom-out-BSEjDppF.js /icon.svg /theme.js".split(" ");

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

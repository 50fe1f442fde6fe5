// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-c333df290710";
const files = "/ /assets/Backends-C5OolIg6.js /assets/MaskEditor-Cp-8seWS.js /assets/ahead-_TG-Kl4T.js /assets/base-BgxEnT59.js /assets/check-BteMrfbd.js /assets/copy-B0ghv9uX.js /assets/index-BeCnPA0U.css /assets/index-C6lzqYVw.js /assets/other-CzRDdvSb.js /assets/queue-dzL53mix.js /assets/results-CXBSycP0.js /assets/rolldown-runtime-WkwZ5CU-.js /assets/settings-BNOfFHGH.js /assets/start-D0rmGVYg.js /assets/toaster-D3iFQvoW.js /assets/useQueries-DnDerovM.js /assets/workflows-C2T-SkxT.js /icon.svg /theme.js".split(" ");

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

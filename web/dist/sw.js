// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-c9117e008ecf";
const files = "/ /assets/Backends-Dm8blefj.js /assets/MaskEditor-BmeaDfYz.js /assets/ahead-_TG-Kl4T.js /assets/base-BRq3SNFj.js /assets/check-9_snaK93.js /assets/copy-HxsG2nIt.js /assets/index-Biu1E39g.css /assets/index-DwYrmiH4.js /assets/labels-ClWeR0Of.js /assets/other-Dmsl3zzA.js /assets/queue-B-aFm6_P.js /assets/results-BlhGCvYK.js /assets/rolldown-runtime-WkwZ5CU-.js /assets/settings-Choa2106.js /assets/start-D0rmGVYg.js /assets/toaster-BzzF_Yui.js /assets/useQuery-BBu4ENN6.js /assets/workflows-D-D0NU8k.js /assets/zoom-out-DAf0L8mU.js /icon.svg /theme.js".split(" ");

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

// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-60e375a5b0c2";
const files = "/ /assets/Backends-CDcgpykK.js /assets/MaskEditor-69kaE_3d.js /assets/ahead-_TG-Kl4T.js /assets/base-CHucERPk.js /assets/check-Aal2MiI1.js /assets/copy-wyFxrPyo.js /assets/index-BGsfuTLi.js /assets/index-CRddLRAn.css /assets/labels-Dfygatfe.js /assets/other-DXFjAqoC.js /assets/queue-daMmZM-Y.js /assets/results-D-8iDiL0.js /assets/rolldown-runtime-WkwZ5CU-.js /assets/settings-BK2znopo.js /assets/start-D0rmGVYg.js /assets/toaster-BqZ3SoCB.js /assets/useQuery-Duaj7GWF.js /assets/workflows-dSU-dhOh.js /assets/zoom-out-Br8ibh-9.js /icon.svg /theme.js".split(" ");

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

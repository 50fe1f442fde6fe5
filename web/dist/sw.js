// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-f117d1c6076c";
const files = "/ /assets/Backends-aexSwVr8.js /assets/MaskEditor-DL6W3Vh4.js /assets/ahead-_TG-Kl4T.js /assets/base-BdoXtK-w.js /assets/check-JLnvrWzP.js /assets/copy-F9PUTzLF.js /assets/index-D-cBKckp.js /assets/index-DGgtROc_.css /assets/labels-DFAmm1sJ.js /assets/other-ixCQXOmB.js /assets/queue-CdWhJI4a.js /assets/results-DdjXXi8P.js /assets/rolldown-runtime-WkwZ5CU-.js /assets/settings-BDIAaAkI.js /assets/start-D0rmGVYg.js /assets/useQuery-CSbdA-eC.js /assets/workflows-Dw14RSi9.js /assets/zoom-out-BuM9MuMS.js /icon.svg /theme.js".split(" ");

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

// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-b90dade0bdc2";
const files = "/ /assets/Backends-BSC-B77b.js /assets/MaskEditor-BfbMzIeB.js /assets/badge-CChA3D1y.js /assets/check-D-sTiBj4.js /assets/copy-BFoaND0l.js /assets/format-DVon6W7U.js /assets/generate-9J5gXVHT.js /assets/index-BBLDDzZ8.js /assets/index-HHRUuuPs.css /assets/menu-C2StGrdB.js /assets/queue-yGYr5SIu.js /assets/react-dom-CfgplUKF.js /assets/results-CrqlgC_s.js /assets/select-DzrlYQ8e.js /assets/settings-DYhier3u.js /assets/shortcuts-DCqhdRUP.js /assets/switch-DO0Xi_mN.js /assets/theme-Bhb0f_CK.js /assets/toaster-CbUCy7s1.js /assets/workflows-BZZyjGeU.js /icon.svg /theme.js".split(" ");

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

// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-53d7ff0012c9";
const files = "/ /assets/Backends-BQ_QZf-g.js /assets/MaskEditor-BCukl5ud.js /assets/check-9VPVaPc1.js /assets/copy-BXOdgqoh.js /assets/dist-DPR7aoWQ.js /assets/generate-BFMPYWDs.js /assets/index-BHwa9tnz.css /assets/index-D2mdTS62.js /assets/menu-pqJXn4cp.js /assets/queue-DHrUH6Ni.js /assets/results-DF3C_yJ-.js /assets/settings-SN_qGxDt.js /assets/shortcuts-BHl7XEIN.js /assets/switch-D9M_o8gx.js /assets/workflows-B9JXD4QV.js /icon.svg /theme.js".split(" ");

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

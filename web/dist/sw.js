// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-790f9803e462";
const files = "/ /assets/Backends-B7iDl-Rq.js /assets/MaskEditor-CDPK2tkJ.js /assets/ahead-_TG-Kl4T.js /assets/base-U--cAaIl.js /assets/check-DHWOvvlV.js /assets/copy-DOoLR_uj.js /assets/index-BS1WU7Fi.js /assets/index-CRddLRAn.css /assets/labels-DGYWMd_h.js /assets/other-iYaXpf55.js /assets/queue-B-8tnGaU.js /assets/results-Ca5q6DBh.js /assets/rolldown-runtime-WkwZ5CU-.js /assets/settings-Cw2kPFeI.js /assets/start-D0rmGVYg.js /assets/toaster-CX9ByHa3.js /assets/useQuery-tVtjVtXA.js /assets/workflows-DEqsjN-2.js /assets/zoom-out-B_p4RtKq.js /icon.svg /theme.js".split(" ");

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

// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-b81fc4de8c40";
const files = "/ /assets/Backends-BHVP0DcV.js /assets/MaskEditor-DHPvnTGw.js /assets/ahead-_TG-Kl4T.js /assets/base-nkH_qD0e.js /assets/check-Cthy90Qp.js /assets/copy-B1m3gJh1.js /assets/index-3dqg7HqL.js /assets/index-CRddLRAn.css /assets/labels-ZGFwoJTg.js /assets/other-BrnD0ksM.js /assets/queue-CTuwvOTG.js /assets/results-CT124xzH.js /assets/rolldown-runtime-WkwZ5CU-.js /assets/settings-C3mbsvUk.js /assets/start-D0rmGVYg.js /assets/toaster-U_gK-2WD.js /assets/useQuery-BmbnGbzW.js /assets/workflows-CivuUETN.js /assets/zoom-out-B9Hdtm0C.js /icon.svg /theme.js".split(" ");

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

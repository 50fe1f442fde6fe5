// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-9956b7ab0e8e";
const files = "/ /assets/Backends-DJZcU08P.js /assets/MaskEditor-Dg3oHhwp.js /assets/OutputView-YDIJXOsS.js /assets/badge-cSynIvaV.js /assets/button-B9F3U2vS.js /assets/check-D2wMM2jS.js /assets/copy-Dwur4vPQ.js /assets/duration-RAVyykVL.js /assets/empty-BzMMrdnM.js /assets/film-CmSr0qvS.js /assets/generate-D7ZedIL_.js /assets/index-BeCnPA0U.css /assets/index-DYkkoDJw.js /assets/other-wsZLbCHU.js /assets/picture-Bvr5n_zb.js /assets/popover-CbmD894Z.js /assets/preload-helper-DIxG_N5b.js /assets/queue-CtGYnRKt.js /assets/react-dom-CfgplUKF.js /assets/results-DlijS-JQ.js /assets/segments-B8f4lmMS.js /assets/select-B6-qJ6mC.js /assets/settings-mDQ3gjaQ.js /assets/switch-DSZDg3B5.js /assets/take-BzKaqfwM.js /assets/take-file-BDwObc2y.js /assets/theme-Bhb0f_CK.js /assets/toast-C7K0scXE.js /assets/toaster-CbUCy7s1.js /assets/useQueries-B6rawqSW.js /assets/workflows-hbDx0ghU.js /icon.svg /theme.js".split(" ");

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

// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-caa3fa7e078f";
const files = "/ /assets/Backends-DRCTUGef.js /assets/MaskEditor-DghssyE5.js /assets/badge-DlvDPx_F.js /assets/check-DIC1PPV4.js /assets/copy-BfUkcSBC.js /assets/duration-DpeF3Ioj.js /assets/empty-Cbm5mEY6.js /assets/generate-CO3VtNQ2.js /assets/index-DlOO0y1w.css /assets/index-h596wMhU.js /assets/popover-CI79wrpN.js /assets/queue-CtebCowR.js /assets/react-dom-CfgplUKF.js /assets/results-cCLSG6y8.js /assets/segments-BdMecqvB.js /assets/select-BHLBm3BZ.js /assets/settings-DA59dTq8.js /assets/star-UYmWCGon.js /assets/switch-V34X-JFC.js /assets/take-DlRNuYDM.js /assets/take-file-BEZZ3vAC.js /assets/theme-Bhb0f_CK.js /assets/toast-D_I-DeTd.js /assets/toaster-CbUCy7s1.js /assets/useQueries-Dkue7Pqm.js /assets/workflows-Ca3eVuVg.js /icon.svg /theme.js".split(" ");

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

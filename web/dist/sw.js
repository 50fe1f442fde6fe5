// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-a48c07e07e18";
const files = "/ /assets/Backends-BcVkpQhS.js /assets/MaskEditor-CsCD60ZO.js /assets/badge-t1SOJTEk.js /assets/check-Cvwsxwym.js /assets/copy-RYvNmEcf.js /assets/format-DOoeyN6w.js /assets/generate-D5ln66LK.js /assets/index-BKpfmn5S.js /assets/index-HHRUuuPs.css /assets/menu-DbyIsppP.js /assets/queue-7iIRzy3B.js /assets/react-dom-CfgplUKF.js /assets/results-DpSscuq2.js /assets/select-BK5Umgqm.js /assets/settings-BpTTDM-j.js /assets/shortcuts-BX8PMXO7.js /assets/switch-DOO6XZQB.js /assets/theme-Bhb0f_CK.js /assets/toaster-CbUCy7s1.js /assets/workflows-CTJ2DiMM.js /icon.svg /theme.js".split(" ");

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

// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
const version = "easel-523b043f9a92";
const files = "/ /assets/Backends-KTh7De2g.js /assets/MaskEditor-Cs_7TYKi.js /assets/check--jDy5MT3.js /assets/copy-Bs00w0M0.js /assets/dist-BuPU-mpb.js /assets/generate-BSFSBmP8.js /assets/index-BStMRwGk.js /assets/index-BYW71RK5.css /assets/menu-DZpY8m96.js /assets/queue-B5ZCj8-8.js /assets/results-Dxic5qxx.js /assets/settings-CVzfuri_.js /assets/shortcuts-ClerCK9X.js /assets/switch-6Bv9rgqj.js /assets/workflows-DDOugVBR.js /icon.svg /theme.js".split(" ");

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

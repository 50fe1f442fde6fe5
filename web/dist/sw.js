// The service worker: keeps the pages, so that they open (and say so) when the server is gone. It answers for pages
// and assets only; what the API says is never kept. vite.config.ts fills in the list.
<<<<<<< HEAD
const version = "easel-7aec21a2c2fd";
const files = "/ /assets/Backends-j_yHREsV.js /assets/MaskEditor-CLXsxooZ.js /assets/check-BK12uOf7.js /assets/copy-NfrKMovR.js /assets/dist-BM7rViaV.js /assets/generate-BSTlnQAu.js /assets/index-DKbPmwF1.css /assets/index-bze4rLtb.js /assets/menu-BshtNBNP.js /assets/queue-D15lnPpZ.js /assets/react-dom-CfgplUKF.js /assets/results-DhcOXgOS.js /assets/settings-CC2iDo_Y.js /assets/shortcuts-BzlnrvCT.js /assets/switch-Bk3PZE1i.js /assets/theme-Bhb0f_CK.js /assets/toaster-CbUCy7s1.js /assets/workflows-TMRepyoH.js /icon.svg /theme.js".split(" ");
=======
const version = "easel-f49f534b83db";
const files = "/ /assets/Backends-H-9c75GQ.js /assets/MaskEditor-CqUiw-eW.js /assets/badge-mg0o-wkt.js /assets/check-CWo3znJn.js /assets/copy-CC17GY2l.js /assets/format-C6gFeosY.js /assets/generate-_Qww7tB5.js /assets/index-C4dhtK6o.css /assets/index-CZR10iAx.js /assets/menu-7dpyTyvO.js /assets/queue-B9br1Cmt.js /assets/results-eKO2v3b-.js /assets/select-km-Vpbcu.js /assets/settings-DsbmAbPX.js /assets/shortcuts-D-Ffjncj.js /assets/switch-DWvo2HD4.js /assets/workflows-qRA_lhu7.js /icon.svg /theme.js".split(" ");
>>>>>>> 4b4299b (Ask no more for a workflow that was removed)

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

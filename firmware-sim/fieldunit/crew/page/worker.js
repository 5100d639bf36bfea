// Keeps the page's own files on the tablet, so that opening it shows it while the unit restarts. It never keeps /api.

const STORE = "cab-1";
const FILES = ["/", "/cab.css", "/cab.js", "/words.js", "/icon.svg", "/cab.webmanifest"];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(STORE).then((store) => store.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname;
  if (event.request.method !== "GET" || path.startsWith("/api/")) return;
  event.respondWith(
    fetch(event.request)
      .then(async (answer) => {
        if (answer.ok) (await caches.open(STORE)).put(path, answer.clone());
        return answer;
      })
      .catch(async () => (await caches.match(path)) ?? Response.error()),
  );
});

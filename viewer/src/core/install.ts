/** The viewer as an app on the device: installing it, and taking a new version over when the person wants to. */
import { signal } from "@preact/signals";

/** A new version lies ready; it is taken over when the page begins anew. */
export const renewed = signal(false);
/** Asks the person whether to install the viewer; null where the browser does not offer that now. */
export const offer = signal<(() => void) | null>(null);

interface InstallEvent extends Event {
  prompt(): Promise<unknown>;
}

let waiting: ServiceWorker | null = null;

/** Install the service worker and follow its versions; call once. */
export function installWorker(): void {
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer.value = () => {
      void (event as InstallEvent).prompt();
      offer.value = null;
    };
  });
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  const { serviceWorker } = navigator;
  serviceWorker
    .register("/sw.js")
    .then((registration) => {
      const look = (worker: ServiceWorker | null) => {
        if (!worker || !serviceWorker.controller) return; // the very first one renews nothing
        const ready = () => {
          if (worker.state !== "installed") return;
          waiting = worker;
          renewed.value = true;
        };
        ready();
        worker.addEventListener("statechange", ready);
      };
      look(registration.waiting ?? registration.installing);
      registration.addEventListener("updatefound", () => look(registration.installing));
      document.addEventListener(
        "visibilitychange",
        () => !document.hidden && void registration.update().catch(() => {}),
      );
    })
    .catch(() => {}); // a browser that forbids it: the viewer works, but not offline
  serviceWorker.addEventListener("controllerchange", () => {
    if (waiting) location.reload();
  });
}

export function takeOver(): void {
  waiting?.postMessage("take-over");
}

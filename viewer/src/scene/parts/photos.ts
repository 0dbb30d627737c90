/** Photos at their places in the view, and the tap that says where one belongs. */
import { effect, untracked } from "@preact/signals";
import { list } from "../../core/client";
import { colon, t } from "../../core/i18n";
import { mode } from "../../core/mode";
import { delivered } from "../../core/outbox";
import { openPhoto, pinned, pointed, pointing, sceneOf } from "../../core/photos";
import { setPins } from "../../core/pins";
import { inFolder } from "../../core/source";
import type { Attachment } from "../../core/uploads";
import { vec } from "../pointing";
import type { View } from "../view";

export function photosPart(view: View): () => void {
  const { work } = view;
  const origin = work.scene?.origin_m ?? [0, 0, 0];
  if (inFolder()) return () => {};
  let latest = true;
  const load = effect(() => {
    void delivered.value;
    list<Attachment>(`/projects/${work.project.id}/pins`)
      .then((found) => {
        if (latest) pinned.value = found;
      })
      .catch(() => {}); // without a connection the places that are known stay
  });
  const show = effect(() => {
    const made = pinned.value.flatMap((one) => {
      if (!one.pin) return [];
      const label = `${t("photo")}${colon()}${one.description || one.file_name}`;
      const onOpen = () => {
        openPhoto.value = one;
        mode.value = "photos";
      };
      const position = sceneOf(one.pin.place, origin);
      return [{ id: `photo-${one.id}`, position, kind: "photo", sign: "✿", label, onOpen }];
    });
    untracked(() => setPins("photos", made));
  });
  const end = view.onTap((x, y) => {
    if (!pointing.value) return false;
    const hit = view.point(x, y, { radius: 0 });
    if (!hit) return true; // beside the model: the next tap counts
    const { camera } = view.stage;
    pointed.value = {
      position: hit.position,
      element: hit.featureId === null ? null : (work.table.rows[hit.featureId] ?? null),
      eye: vec(camera.position),
    };
    pointing.value = false;
    return true;
  });
  return () => {
    latest = false;
    pointing.value = false;
    load();
    show();
    end();
    setPins("photos", []);
  };
}

"""Which files the 3D view loads of a record: looked up for each of hundreds of requests, so kept in memory."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from twin.errors import NotFound
from twin.operations.scenes import SceneFileEntry, scene_files
from twin.record import Id
from twin.store.blobs import BlobStore
from twin.store.kinds import Kind
from twin.store.view import Scope, View

_SCENES = 64
_RECORDS = 1024


class SceneLookup:
    """Scenes by record. A revision or run never changes once it is kept, nor does a list that is named by its hash.

    Whose they are is asked of the database each time.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._files = lru_cache(_SCENES)(scene_files)
        self._scenes: dict[Id, str] = {}

    def file(
        self, view: View, blobs: BlobStore, kind: Kind[Any], record: Id, *, scope: Scope, name: str
    ) -> SceneFileEntry:
        """Return one file of a record's scene.

        Raises
        ------
        NotFound
            If there is no such record within the scope, it has no scene, or its scene no such file.
        """
        files = self._of(view, blobs, kind, record, scope)
        if name not in files:
            raise NotFound(f"the scene has no file {name}; begin with {', '.join(_entrances(files))}")
        return files[name]

    def _of(
        self, view: View, blobs: BlobStore, kind: Kind[Any], record: Id, scope: Scope
    ) -> Mapping[str, SceneFileEntry]:
        if record not in self._scenes or not view.has(kind, record, scope):
            scene: str = view.get(kind, record, scope).record.scene_sha256
            if len(self._scenes) >= _RECORDS:
                self._scenes.clear()
            self._scenes[record] = scene
        return self._files(blobs, self._scenes[record])


def _entrances(files: Mapping[str, SceneFileEntry]) -> list[str]:
    return sorted(name for name in files if name.endswith(".json"))

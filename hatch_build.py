"""What hatchling runs before it packs: a wheel or an sdist contains the viewer as built from the sources beside it."""

import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ViewerHook(BuildHookInterface[Any]):
    """Builds ``api/static`` when it is missing or older than ``viewer/``; an sdist brings it, so needs no Node."""

    def dependencies(self) -> list[str]:
        """Return what a build in an environment of its own has to fetch first."""
        viewer = self._viewer()
        if viewer.is_current() or viewer.find_node():
            return []
        return [f"{viewer.NODE_PACKAGE}>={'.'.join(map(str, viewer.OLDEST_NODE))}"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the viewer; an editable installation takes it from the tree, where ``make viewer`` puts it."""
        if version == "editable":
            return
        viewer = self._viewer()
        try:
            with viewer.alone():
                if not viewer.is_current():
                    viewer.build(viewer.present_node())
        except viewer.ViewerError as error:
            raise SystemExit(f"viewer: {error}") from error

    def _viewer(self) -> Any:
        sys.path.insert(0, self.root)
        try:
            from scripts import viewer
        finally:
            sys.path.remove(self.root)
        return viewer

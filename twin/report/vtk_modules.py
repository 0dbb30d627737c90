# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
"""The parts of VTK that pictures are drawn with, loaded all at once."""

import os
import sys
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from twin.report.uninterrupted import uninterrupted

_NAMES = {
    "vtkmodules.vtkCommonCore": ("vtkPoints",),
    "vtkmodules.vtkCommonDataModel": ("vtkCellArray", "vtkPolyData"),
    "vtkmodules.vtkRenderingCore": (
        "vtkActor", "vtkLightKit", "vtkPolyDataMapper", "vtkRenderWindow", "vtkRenderer", "vtkWindowToImageFilter",
    ),
    "vtkmodules.vtkRenderingOpenGL2": (),  # registers what draws
    "vtkmodules.util.numpy_support": ("numpy_to_vtk", "numpy_to_vtkIdTypeArray", "vtk_to_numpy"),
}  # fmt: skip


@cache
def vtk() -> Any:
    """Return what the pictures need of VTK, by its names there.

    Its modules load one another from C++. An interrupt in between leaves halves of them behind: an import error that
    has nothing to do with the installation, or a crash when the process ends. So signals wait until all are loaded.
    """
    if sys.platform == "linux":
        # VTK would ask for an X server first and complain when there is none
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    with uninterrupted():
        modules = {name: import_module(name) for name in _NAMES}
    return SimpleNamespace(**{name: getattr(modules[where], name) for where, names in _NAMES.items() for name in names})

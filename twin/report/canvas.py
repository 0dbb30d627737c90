"""One off-screen window to draw triangles, lines and points in, and the files that its pictures become.

It speaks to VTK itself: a plotting layer above it takes longer to import than all pictures of a check take to draw.
"""

import io
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from twin.report.camera import FIELD_OF_VIEW_DEG, Camera
from twin.report.palette import rgb
from twin.report.vtk_modules import vtk

BACKGROUND = "#f6f7f9"
JPEG_QUALITY = 82
_SAMPLES = 4
"""Per pixel, against jagged edges."""


class Canvas:
    """One window for all pictures: making a window costs more than drawing in it."""

    def __init__(self, width: int, height: int, *, see_through: bool = False) -> None:
        """Open the window, ``width`` by ``height`` pixels; ``see_through``: most of what is drawn in it will be.

        What can be seen through takes a pass of its own, in which no pixel is sampled more than once. Where nearly all
        is drawn in it the samples cost more than all else and are not seen; there shapes are blended as they lie,
        farthest first.
        """
        self._renderer: Any = vtk().vtkRenderer()
        self._renderer.SetBackground(*_colour(BACKGROUND))
        vtk().vtkLightKit().AddLightsToRenderer(self._renderer)
        self._window: Any = vtk().vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0 if see_through else _SAMPLES)
        self._renderer.SetUseOIT(not see_through)
        self._window.SetSize(width, height)
        self._window.AddRenderer(self._renderer)

    def close(self) -> None:
        """Close the window."""
        self._window.Finalize()

    def clear(self) -> None:
        """Take everything off."""
        self._renderer.RemoveAllViewProps()

    def triangles(self, corners: FloatArray, colour: str, opacity: float, *, lift: float = 0.0) -> None:
        """Draw faces (f, 3, 3), each with its own shade: no corner is shared.

        ``lift`` draws them so much in front of what lies in the same plane; about 1 is enough.
        """
        if len(corners):
            look = self._add(_cells(corners.reshape(-1, 3), 3, "SetPolys"), colour, opacity, lift)
            look.SetAmbient(0.55)
            look.SetDiffuse(0.5)

    def lines(self, ends: FloatArray, colour: str, width: float, opacity: float, *, lift: float = 0.0) -> None:
        """Draw segments (e, 2, 3), ``width`` pixels wide; ``lift`` as of :meth:`triangles`."""
        if len(ends):
            look = self._add(_cells(ends.reshape(-1, 3), 2, "SetLines"), colour, opacity, lift)
            look.SetLighting(False)
            look.SetLineWidth(width)

    def points(self, points: FloatArray, colour: str | FloatArray, size: float) -> None:
        """Draw points (n, 3) as squares of ``size`` pixels in one colour or each in its own, (n, 3) 0..255."""
        if len(points) == 0:
            return
        shape = _cells(points, 1, "SetVerts")
        if not isinstance(colour, str):
            shape.GetPointData().SetScalars(vtk().numpy_to_vtk(colour.astype(np.uint8), deep=True))
        look = self._add(shape, colour if isinstance(colour, str) else BACKGROUND, 1.0)
        look.SetLighting(False)
        look.SetPointSize(size)

    def shoot(self, camera: Camera) -> Any:
        """Return the picture (PIL) of what is on the canvas."""
        from PIL import Image

        view = self._renderer.GetActiveCamera()
        view.SetPosition(*camera.position)
        view.SetFocalPoint(*camera.target)
        view.SetViewUp(*camera.up)
        view.SetViewAngle(FIELD_OF_VIEW_DEG)
        self._renderer.ResetCameraClippingRange()
        self._window.Render()
        reader = vtk().vtkWindowToImageFilter()
        reader.SetInput(self._window)
        reader.SetInputBufferTypeToRGB()
        reader.ReadFrontBufferOff()
        reader.ShouldRerenderOff()
        reader.Update()
        taken: Any = reader.GetOutput()
        width, height, _ = taken.GetDimensions()
        pixels = vtk().vtk_to_numpy(taken.GetPointData().GetScalars()).reshape(height, width, 3)
        return Image.fromarray(pixels[::-1].copy())  # VTK counts rows from below

    def _add(self, shape: Any, colour: str, opacity: float, lift: float = 0.0) -> Any:
        """Put a shape on the canvas and return its look."""
        mapper = vtk().vtkPolyDataMapper()
        mapper.SetInputData(shape)
        if lift:
            mapper.SetResolveCoincidentTopologyToPolygonOffset()
            mapper.SetRelativeCoincidentTopologyPolygonOffsetParameters(-2.0 * lift, -2.0 * lift)
            mapper.SetRelativeCoincidentTopologyLineOffsetParameters(-4.0 * lift, -4.0 * lift)
        actor = vtk().vtkActor()
        actor.SetMapper(mapper)
        self._renderer.AddActor(actor)
        look = actor.GetProperty()
        look.SetInterpolationToFlat()
        look.SetColor(*_colour(colour))
        look.SetOpacity(opacity)
        return look


def jpeg(image: Any) -> bytes:
    """Return the picture as JPEG without metadata."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return out.getvalue()


def png(image: Any) -> bytes:
    """Return the picture as a PNG of at most 256 colours without metadata."""
    from PIL import Image

    out = io.BytesIO()
    # the last two per cent of size would take three times as long
    image.quantize(160, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(out, "PNG", compress_level=6)
    return out.getvalue()


def _cells(points: FloatArray, size: int, kind: str) -> Any:
    """Return a shape whose cells take ``size`` points each, one after the other."""
    corners = vtk().vtkPoints()
    # float32 is what is drawn in any case; the scene is relative to the design's origin
    corners.SetData(vtk().numpy_to_vtk(np.ascontiguousarray(points, np.float32), deep=True))
    cells = vtk().vtkCellArray()
    ends = np.arange(0, len(points) + 1, size, dtype=np.int64)
    ids = vtk().numpy_to_vtkIdTypeArray
    cells.SetData(ids(ends, deep=True), ids(np.arange(len(points)), deep=True))
    shape = vtk().vtkPolyData()
    shape.SetPoints(corners)
    getattr(shape, kind)(cells)
    return shape


def _colour(text: str) -> tuple[float, float, float]:
    red, green, blue = rgb(text)
    return red / 255.0, green / 255.0, blue / 255.0

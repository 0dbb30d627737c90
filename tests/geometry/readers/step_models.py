"""STEP assemblies made here, by the kernel that reads them."""

# pyright: basic, reportAttributeAccessIssue=false

from pathlib import Path
from typing import Any

import pytest


def write_assembly(path: Path, unit: str = "MM") -> Path:
    """Write a plate of 100 x 60 x 10 mm with a hole of 20 mm, and two pins of 19 mm, 30 mm long: one on its side."""
    pytest.importorskip("OCP", reason="the extra cad is not installed")
    from OCP.BRepAlgoAPI import BRepAlgoAPI_Cut
    from OCP.BRepPrimAPI import BRepPrimAPI_MakeBox, BRepPrimAPI_MakeCylinder
    from OCP.gp import gp_Ax1, gp_Ax2, gp_Dir, gp_Pnt, gp_Trsf, gp_Vec
    from OCP.Interface import Interface_Static
    from OCP.Quantity import Quantity_Color, Quantity_TypeOfColor
    from OCP.STEPCAFControl import STEPCAFControl_Writer
    from OCP.TCollection import TCollection_ExtendedString
    from OCP.TDataStd import TDataStd_Name
    from OCP.TDocStd import TDocStd_Document
    from OCP.TopLoc import TopLoc_Location
    from OCP.XCAFDoc import XCAFDoc_ColorType, XCAFDoc_DocumentTool

    def cylinder(radius: float, height: float, x: float, y: float, z: float) -> Any:
        return BRepPrimAPI_MakeCylinder(gp_Ax2(gp_Pnt(x, y, z), gp_Dir(0, 0, 1)), radius, height).Shape()

    document: Any = TDocStd_Document(TCollection_ExtendedString("test"))
    shapes: Any = XCAFDoc_DocumentTool.ShapeTool_s(document.Main())
    colours: Any = XCAFDoc_DocumentTool.ColorTool_s(document.Main())
    plate = BRepAlgoAPI_Cut(BRepPrimAPI_MakeBox(100.0, 60.0, 10.0).Shape(), cylinder(10, 30, 30, 30, -10)).Shape()
    pin = cylinder(9.5, 30, 0, 0, 0)
    top, plate_label, pin_label = shapes.NewShape(), shapes.AddShape(plate, False), shapes.AddShape(pin, False)
    for label, name in ((top, "fixture"), (plate_label, "plate"), (pin_label, "pin")):
        TDataStd_Name.Set_s(label, TCollection_ExtendedString(name))
    red = Quantity_Color(1.0, 0.0, 0.0, Quantity_TypeOfColor.Quantity_TOC_sRGB)
    colours.SetColor(pin_label, red, XCAFDoc_ColorType.XCAFDoc_ColorSurf)
    upright, lying = gp_Trsf(), gp_Trsf()
    upright.SetTranslation(gp_Vec(30, 30, -10))
    lying.SetRotation(gp_Ax1(gp_Pnt(0, 0, 0), gp_Dir(0, 1, 0)), 1.5707963267948966)
    lying.SetTranslationPart(gp_Vec(60, 30, 10))
    shapes.AddComponent(top, plate_label, TopLoc_Location(gp_Trsf()))
    for place in (upright, lying):
        shapes.AddComponent(top, pin_label, TopLoc_Location(place))
    shapes.UpdateAssemblies()
    Interface_Static.SetCVal_s("write.step.unit", unit)
    try:
        writer: Any = STEPCAFControl_Writer()
        writer.Transfer(document)
        writer.Write(str(path))
    finally:
        Interface_Static.SetCVal_s("write.step.unit", "MM")
    return path

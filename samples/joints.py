# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingParameterType=false, reportUnknownParameterType=false
"""What holds a sample's parts together: assemblies of parts, and connections with what realizes them."""

import numpy as np

from samples.model_plan import ModelPlan


def assemble(model, plan: ModelPlan, products, storeys) -> None:
    """Add an IfcElementAssembly for each assembly of the plan, with its parts."""
    import ifcopenshell.api.aggregate
    import ifcopenshell.api.geometry
    import ifcopenshell.api.root
    import ifcopenshell.api.spatial

    for assembly in plan.assemblies:
        whole = ifcopenshell.api.root.create_entity(model, ifc_class="IfcElementAssembly", name=assembly.name)
        whole.PredefinedType, whole.ObjectType = "USERDEFINED", assembly.kind
        whole.AssemblyPlace = assembly.place
        ifcopenshell.api.geometry.edit_object_placement(model, product=whole, matrix=np.eye(4))
        ifcopenshell.api.spatial.assign_container(model, products=[whole], relating_structure=storeys[assembly.storey])
        for part in plan.parts:  # one by one: of several it makes the placements in an order of its own
            if part.assembly == assembly.name:
                member = products[part.name]
                ifcopenshell.api.aggregate.assign_object(model, products=[member], relating_object=whole)


def connect(model, plan: ModelPlan, products) -> None:
    """Add a relation for each connection of the plan."""
    import ifcopenshell.guid

    for one in plan.connections:
        ends = {"RelatingElement": products[one.first], "RelatedElement": products[one.second]}
        if one.realized_by:
            model.create_entity(
                "IfcRelConnectsWithRealizingElements", GlobalId=ifcopenshell.guid.new(), Name=one.name, **ends,
                RealizingElements=[products[name] for name in one.realized_by], ConnectionType=one.kind,
            )  # fmt: skip
        else:
            model.create_entity("IfcRelConnectsElements", GlobalId=ifcopenshell.guid.new(), Name=one.name, **ends)

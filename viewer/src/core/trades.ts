/** Which trade builds an element, by its class: how a site divides its work. */

export const TRADES = ["structure", "walls", "openings", "finishes", "services", "civil", "other"] as const;
export type Trade = (typeof TRADES)[number];

/** The first that a class fits counts. */
const BY_CLASS: readonly [Trade, RegExp][] = [
  ["walls", /^Ifc(Wall|CurtainWall)/],
  ["openings", /^Ifc(Door|Window)/],
  ["finishes", /^Ifc(Roof|Covering|Railing|ShadingDevice|Furniture|Furnishing|SystemFurniture|Chimney)/],
  [
    "civil",
    /^Ifc(Road|Rail(way)?$|Bridge|Marine|Pavement|Kerb|Course|Earthworks|Geo|Track|Bearing|Mooring|Navigation|Sign(al)?$|Surface|DeepFoundation|CaissonFoundation|ReinforcedSoil)/,
  ],
  [
    "structure",
    /^Ifc(Beam|Column|Slab|Footing|Pile|Member|Plate|Reinforcing|Tendon|Stair|Ramp|MechanicalFastener|DiscreteAccessory|VibrationIsolator|ElementAssembly)/,
  ],
  [
    "services",
    /^Ifc(Flow|Distribution|Pipe|Duct|Cable|Conduit|Light|Lamp|Outlet|Switch|Sanitary|Waste|Valve|Pump|Fan|Tank|Boiler|Burner|Chiller|Coil|Compressor|Condenser|Cool|Evaporat|Heat|Humidifier|Unitary|AirT|AirToAir|Alarm|Actuator|Sensor|Controller|Communication|Audio|Electric|Energy|Engine|Filter|Fire|Interceptor|Junction|Medical|Motor|Protective|Solar|SpaceHeater|StackTerminal|Transformer|TransportElement|Tube|UnitaryControl|Damper|Transport|LiquidTerminal|MobileTelecom)/,
  ],
];

/** Return the trade of an IFC class. */
export function tradeOf(ifcClass: string): Trade {
  return BY_CLASS.find(([, fits]) => fits.test(ifcClass))?.[0] ?? "other";
}

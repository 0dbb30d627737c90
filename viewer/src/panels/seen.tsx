/** Why to believe that an element is there or not: what became of the scanner's rays, and what each station saw. */
import type { Schemas } from "../core/client";
import { t } from "../core/i18n";

type Seen = Schemas["SightOut"];

/** Shares of the rays at the element's place; those that passed through also count where others were met first, so they
 * are never shown beside those that reached it. */
function sharesOf(seen: Seen, missing: boolean): { kind: "reached" | "through" | "blocked"; n: number }[] {
  const first = missing
    ? ({ kind: "through", n: seen.passed_through } as const)
    : ({ kind: "reached", n: Math.max(0, seen.rays_expected - seen.blocked) } as const);
  return [first, { kind: "blocked" as const, n: seen.blocked }].filter((one) => one.n > 0);
}

export function SeenBy({ seen, presence }: { seen: Seen; presence: string }) {
  const missing = presence === "missing";
  const shares = sharesOf(seen, missing);
  const stations = seen.stations.filter((one) => (missing ? one.passed_through : one.points) > 0);
  const most = Math.max(1, ...stations.map((one) => (missing ? one.passed_through : one.points)));
  return (
    <section class="seen" aria-label={t("seenTitle")}>
      <h3>{t("seenTitle")}</h3>
      {shares.length > 0 && (
        <>
          <div class="rays" aria-hidden="true">
            {shares.map(({ kind, n }) => (
              <i key={kind} class={kind} style={{ flexGrow: n }} />
            ))}
          </div>
          <ul class="keys small">
            {shares.map(({ kind, n }) => (
              <li key={kind}>
                <span class={`key ${kind}`} aria-hidden="true" /> {t(`seen.${kind}`, { n: n.toLocaleString() })}
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="small">
        {seen.expected > 0
          ? t("seenSpots", { expected: seen.expected, confirmed: seen.confirmed })
          : t(seen.in_reach > 0 ? "seenHidden" : "seenBeyond")}
      </p>
      {stations.length > 0 && (
        <table class="numbers stations">
          <caption>{t(missing ? "seenThroughBy" : "seenMeasuredBy", { n: stations.length })}</caption>
          <tbody>
            {stations.map((one, n) => (
              <tr key={`${n}${one.name}`}>
                <th scope="row">{one.name}</th>
                <td class="bar" aria-hidden="true">
                  <span style={{ width: `${(100 * (missing ? one.passed_through : one.points)) / most}%` }} />
                </td>
                <td>
                  {t(missing ? "seenRays" : "seenPoints", {
                    n: (missing ? one.passed_through : one.points).toLocaleString(),
                  })}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

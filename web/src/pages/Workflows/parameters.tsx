import type { Schemas } from "@/api/client";
import { isList, itemType } from "@/components/ParameterControls/kinds";
import { workflows as pageText } from "@/text/en/workflows";
import { Section } from "./ask";
import type { Graph } from "./layout";

export type Described = Schemas["Input"];

/** typeOf is the type of a parameter in words. */
export function typeOf(i: Pick<Described, "type">): string {
  const word = pageText.types[itemType(i.type)] ?? itemType(i.type);
  return isList(i.type) ? pageText.listOf(word) : word;
}

/** rangeOf is what a parameter takes, in words. */
export function rangeOf(i: Pick<Described, "min" | "max" | "unit" | "choices">): string {
  const [min, max] = [i.min === undefined ? "" : String(i.min), i.max === undefined ? "" : String(i.max)];
  const unit = i.unit ? ` ${i.unit}` : "";
  if (min && max) return pageText.range(min, max) + unit;
  if (min) return pageText.from(min) + unit;
  if (max) return pageText.upTo(max) + unit;
  return "";
}

const shownDefault = (v: unknown) =>
  v === undefined || v === null ? "" : v === "" ? pageText.empty : typeof v === "string" ? v : JSON.stringify(v);

/** placeOf is where a parameter lands in words: "Sampler: steps" for "31.steps". */
export function placeOf(target: string, graph: Graph | undefined): string {
  const at = target.lastIndexOf(".");
  const [id, input] = graph?.[target] ? [target, ""] : [target.slice(0, at), target.slice(at + 1)];
  const node = graph?.[id];
  const title = node ? node._meta?.title || node.class_type : pageText.node(id);
  return input ? `${title}: ${input}` : `${title}: ${pageText.switches}`;
}

/** Parameters is the table of what a workflow takes and where it lands. */
export function Parameters({ inputs, graph, aside }: { inputs: Described[]; graph: Graph | undefined; aside?: React.ReactNode }) {
  return (
    <Section title={pageText.parameters} aside={aside}>
      {inputs.length === 0 ? (
        <p className="text-muted">{pageText.noParameters}</p>
      ) : (
        <div className="@container">
          <table className="w-full text-left">
            <thead className="sr-only @xl:not-sr-only">
              <tr className="text-muted text-sm">
                <th className="py-1 pr-3 font-normal">{pageText.parameter}</th>
                <th className="py-1 pr-3 font-normal">{pageText.takes}</th>
                <th className="py-1 pr-3 font-normal">{pageText.default}</th>
                <th className="py-1 font-normal">{pageText.lands}</th>
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {inputs.map((i) => (
                <tr key={i.name} className="align-top max-@xl:grid max-@xl:grid-cols-2 max-@xl:gap-x-3 max-@xl:py-2">
                  <td className="min-w-0 @xl:py-1.5 @xl:pr-3">
                    <p className="break-words">{i.label || i.name}</p>
                    <p className="break-all font-mono text-muted text-sm">{i.name}</p>
                  </td>
                  <td className="min-w-0 max-@xl:text-right @xl:py-1.5 @xl:pr-3">
                    <p>{[typeOf(i), i.required && pageText.required].filter(Boolean).join(", ")}</p>
                    <p className="text-muted text-sm">{rangeOf(i)}</p>
                  </td>
                  <td className="min-w-0 @xl:max-w-48 @xl:py-1.5 @xl:pr-3">
                    <p className="line-clamp-2 break-all">{shownDefault(i.default)}</p>
                  </td>
                  <td className="min-w-0 text-muted max-@xl:text-right max-@xl:text-sm @xl:py-1.5">
                    {i.targets.map((target) => (
                      <p key={target} className="break-words">
                        {placeOf(target, graph)}
                      </p>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}

import type { Schemas } from "@/api/client";
import type { Input as PlainInput } from "@/api/types";
import { t } from "@/text";

type Input = Schemas["Input"] | (PlainInput & { targets?: string[]; declared?: boolean });

const said = (v: unknown) => (v === undefined || v === null || v === "" ? "" : typeof v === "string" ? v : JSON.stringify(v));

function rangeOf(i: Input): string {
  const [min, max] = [said(i.min), said(i.max)];
  if (min && max) return t.workflows.to(min, max);
  if (min) return t.workflows.atLeast(min);
  if (max) return t.workflows.atMost(max);
  return i.choices?.length ? t.workflows.choices(i.choices.length) : "";
}

/** Parameters lists what a workflow takes, with where each lands in the graph. */
export function Parameters({ inputs }: { inputs: Input[] }) {
  if (inputs.length === 0) return <p className="text-muted">{t.workflows.nothingToSet}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <section tabIndex={0} aria-label={t.workflows.parameters} className="scroll">
      <table className="w-full min-w-xl text-left">
        <thead className="text-muted text-sm">
          <tr>
            {[t.workflows.parameter, t.workflows.type, t.workflows.default, t.workflows.range, t.workflows.lands].map((h) => (
              <th key={h} scope="col" className="pr-4 pb-1 font-medium">
                {h}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {inputs.map((i) => (
            <tr key={i.name} className="align-top">
              <th scope="row" className="max-w-72 py-1.5 pr-4 font-normal">
                <span className="font-medium">{i.label || i.name}</span>
                {i.label && i.label.toLowerCase() !== i.name && <code className="ml-2 font-mono text-muted text-sm">{i.name}</code>}
                <span className="block text-muted text-sm">
                  {i.declared === false ? [i.description, t.workflows.byRole].filter(Boolean).join("; ") : i.description}
                </span>
              </th>
              <td className="py-1.5 pr-4">{i.type}</td>
              <td className="max-w-48 break-words py-1.5 pr-4">{i.required ? t.workflows.needed : said(i.default)}</td>
              <td className="py-1.5 pr-4">
                {rangeOf(i)} {i.unit && rangeOf(i) && <span className="text-muted">{i.unit}</span>}
              </td>
              <td className="py-1.5 font-mono text-sm">{(i.targets ?? []).join(", ")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

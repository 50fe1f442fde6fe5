import { Dices, Lock, LockOpen, X } from "lucide-react";
import { memo } from "react";
import type { Input } from "@/api/types";
import { t } from "@/text";
import { IconButton } from "@/ui/button";
import { Combobox } from "@/ui/combobox";
import { NumberInput, onStep } from "@/ui/number-input";
import { Select } from "@/ui/select";
import { Slider } from "@/ui/slider";
import { Switch } from "@/ui/switch";
import { TextArea } from "@/ui/text-area";
import { kindOf, labelOf, lacks, rangeOf, slidable } from "./kinds";
import { Row } from "./row";
import { drawSeed, isDrawn, seedRange } from "./seed";
import { useValue, useValues } from "./values";

/** Control is the control of one parameter; it is drawn again only when its own value changes. */
export const Control = memo(function Control({ input }: { input: Input }) {
  switch (kindOf(input)) {
    case "slider":
    case "number":
      return <NumberControl input={input} />;
    case "seed":
      return <SeedControl input={input} />;
    case "switch":
      return <SwitchControl input={input} />;
    case "choice":
      return <ChoiceControl input={input} />;
    case "model":
      return <ModelControl input={input} />;
    case "models":
      return <ModelsControl input={input} />;
    case "text":
      return <TextControl input={input} />;
    default:
      return <LineControl input={input} />;
  }
});

/** useSetting is the value that holds, and how to set it: what is as the baseline is not held, so that a character's defaults hold. */
function useSetting<T>(input: Input, otherwise: T): [T, (value: T) => void] {
  const values = useValues();
  const base = values.baseline(input.name);
  const value = useValue(input.name) ?? base ?? otherwise;
  return [value as T, (v) => values.set(input.name, v === base ? undefined : (v as never))];
}

function NumberControl({ input }: { input: Input }) {
  const { min, max, step } = rangeOf(input);
  const values = useValues();
  const [value, set] = useSetting<number>(input, Number.isFinite(min) ? Math.max(0, min) : 0);
  const base = values.baseline(input.name);
  const slider = kindOf(input) === "slider";
  const soft = slidable(input);
  const range = Number.isFinite(min) && Number.isFinite(max) ? t.generate.range(String(min), String(max)) : undefined;
  return (
    <Row input={input} range={range}>
      {(ids) => (
        <div className="group flex items-center gap-3">
          {slider ? (
            <div className="relative min-w-0 flex-1">
              <Slider
                label={labelOf(input)}
                value={Number(value)}
                onChange={(v) => set(onStep(v, step))}
                min={soft.min}
                max={soft.max}
                step={step}
                mark={base === undefined ? undefined : Number(base)}
              />
              <span
                aria-hidden
                className="pointer-events-none absolute inset-x-0 -bottom-1 hidden justify-between text-muted text-xs leading-3 group-focus-within:flex"
              >
                <span>{soft.min}</span>
                <span>{soft.max}</span>
              </span>
            </div>
          ) : (
            <span className="flex-1" />
          )}
          <NumberInput
            {...ids}
            value={Number(value)}
            onChange={(v) => set(itemInt(input) ? Math.round(v) : v)}
            min={min}
            max={max}
            step={step}
            unit={input.unit}
            className={slider && (input.unit ?? "").length < 4 ? "w-21 shrink-0" : "w-32 shrink-0"}
          />
        </div>
      )}
    </Row>
  );
}

const itemInt = (input: Input) => input.type === "int";

function SeedControl({ input }: { input: Input }) {
  const values = useValues();
  const value = useValue(input.name);
  const drawn = isDrawn(value);
  return (
    <Row input={input}>
      {(ids) => (
        <div className="flex items-center gap-1">
          <input
            {...ids}
            type="text"
            inputMode="numeric"
            autoComplete="off"
            spellCheck={false}
            placeholder={t.generate.seedRandom}
            value={drawn ? "" : String(value)}
            onChange={(e) => values.set(input.name, e.target.value.trim() === "" ? undefined : e.target.value)}
            className="field-box min-w-0 flex-1 px-1.5 font-mono text-sm tracking-tight placeholder:font-sans placeholder:text-base placeholder:tracking-normal"
          />
          <SeedButtons input={input} drawn={drawn} />
        </div>
      )}
    </Row>
  );
}

const SeedButtons = memo(function SeedButtons({ input, drawn }: { input: Input; drawn: boolean }) {
  const values = useValues();
  const last = () => values.baseline(`last:${input.name}`) as string | undefined; // the seed of the run before
  const draw = () => drawSeed(seedRange(input));
  return (
    <>
      <IconButton
        label={drawn ? (last() ? t.generate.seedLockLast : t.generate.seedLock) : t.generate.seedUnlock}
        aria-pressed={!drawn}
        onClick={() => values.set(input.name, drawn ? (last() ?? draw()) : undefined)}
      >
        {drawn ? <LockOpen /> : <Lock />}
      </IconButton>
      <IconButton label={t.generate.seedDice} onClick={() => values.set(input.name, draw())}>
        <Dices />
      </IconButton>
    </>
  );
});

function SwitchControl({ input }: { input: Input }) {
  const [value, set] = useSetting<boolean>(input, false);
  return (
    <Row input={input}>
      {(ids) => (
        <div className="flex min-h-8 items-center justify-end">
          <Switch {...ids} checked={value === true} onCheckedChange={set} />
        </div>
      )}
    </Row>
  );
}

const longList = 14;

function ChoiceControl({ input }: { input: Input }) {
  const [value, set] = useSetting<string>(input, "");
  const choices = input.choices ?? [];
  const all = value && !choices.includes(String(value)) ? [String(value), ...choices] : choices;
  return (
    <Row input={input}>
      {(ids) =>
        choices.length > 0 && choices.length <= longList ? (
          <Select {...ids} value={String(value)} onChange={(e) => set(e.target.value)}>
            {value === "" && <option value="">{t.generate.unset}</option>}
            {all.map((c) => (
              <option key={c}>{c}</option>
            ))}
          </Select>
        ) : (
          <FreeChoice input={input} ids={ids} value={String(value)} set={set} options={all} />
        )
      }
    </Row>
  );
}

function FreeChoice(props: {
  input: Input;
  ids: object;
  value: string;
  set: (v: string) => void;
  options: string[];
  placeholder?: string;
}) {
  return (
    <Combobox
      {...props.ids}
      value={props.value}
      onChange={props.set}
      options={props.options}
      label={labelOf(props.input)}
      placeholder={props.placeholder ?? t.generate.chooseModel}
      search={t.generate.searchModels}
      nothing={props.input.choices_state === "unreachable" ? t.generate.modelsAway : t.generate.noModels}
      free={t.generate.useTyped}
    />
  );
}

function ModelControl({ input }: { input: Input }) {
  const [value, set] = useSetting<string>(input, "");
  return (
    <Row input={input} warning={value !== "" && lacks(input, String(value)) ? t.generate.modelLacking : undefined}>
      {(ids) => <FreeChoice input={input} ids={ids} value={String(value)} set={set} options={input.choices ?? []} />}
    </Row>
  );
}

function ModelsControl({ input }: { input: Input }) {
  const values = useValues();
  const value = useValue(input.name);
  const list = (Array.isArray(value) ? value : ((values.baseline(input.name) as string[] | undefined) ?? [])).map(String);
  const set = (next: string[]) => values.set(input.name, next.length ? next : undefined);
  return (
    <Row input={input} warning={list.some((name) => lacks(input, name)) ? t.generate.modelLacking : undefined}>
      {(ids) => (
        <div className="grid gap-1">
          {list.map((name) => (
            <div key={name} className="flex h-8 items-center gap-1 rounded-md bg-sunken pl-2">
              <span className="min-w-0 flex-1 truncate">{name}</span>
              <IconButton size="icon-sm" label={t.generate.removeLora(name)} onClick={() => set(list.filter((n) => n !== name))}>
                <X />
              </IconButton>
            </div>
          ))}
          <FreeChoice
            input={input}
            ids={ids}
            value=""
            set={(v) => !list.includes(v) && set([...list, v])}
            options={(input.choices ?? []).filter((c) => !list.includes(c))}
            placeholder={t.generate.addLora}
          />
        </div>
      )}
    </Row>
  );
}

function LineControl({ input }: { input: Input }) {
  const [value, set] = useSetting<string>(input, "");
  return (
    <Row input={input}>
      {(ids) => (
        <input
          {...ids}
          type="text"
          value={String(value)}
          maxLength={input.max_length}
          onChange={(e) => set(e.target.value)}
          className="field-box"
        />
      )}
    </Row>
  );
}

function TextControl({ input }: { input: Input }) {
  const [value, set] = useSetting<string>(input, "");
  return (
    <Row input={input} wide>
      {(ids) => <TextArea {...ids} value={String(value)} maxLength={input.max_length} onChange={(e) => set(e.target.value)} />}
    </Row>
  );
}

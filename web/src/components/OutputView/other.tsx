import { useQuery } from "@tanstack/react-query";
import { AudioLines } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { authorized, type Output } from "@/api/client";
import { Problem } from "@/api/problem";
import { t } from "@/text";
import { bytes } from "@/text/format";
import { buttonLook } from "@/ui/button";
import { Empty } from "@/ui/empty";
import { baseName, kindIcon, nameOf } from "./picture";

const ModelView = lazy(() => import("./model"));

const mostText = 1 << 20; // bytes that are shown of a text
const mostModel = 128 << 20; // bytes of a 3D model that are taken into the browser's memory

interface OtherProps {
  output: Output;
  onStale?: () => void;
}

/** Other shows what is no picture. */
export default function Other({ output: o, onStale }: OtherProps) {
  if (o.kind === "video") return <Video output={o} onStale={onStale} />;
  if (o.kind === "audio") return <Sound output={o} onStale={onStale} />;
  if (o.kind === "text" && o.bytes <= mostText) return <Text output={o} />;
  if (o.media_type === "model/gltf-binary" && o.bytes <= mostModel) return <Model output={o} />;
  return <Unshown output={o} hint={o.bytes > mostModel ? t.results.tooLarge : t.results.noPreview} />;
}

/** Video plays a result. A format that the browser does not know has no picture, and says so. */
function Video({ output: o, onStale }: OtherProps) {
  const [broken, setBroken] = useState("");
  if (broken === o.url) return <Unshown output={o} hint={t.results.noVideo} />;
  const w = o.width ?? 16;
  const h = o.height ?? 9;
  return (
    <div className="absolute inset-0 grid place-items-center">
      <video
        src={o.url}
        controls
        autoPlay
        muted
        loop
        playsInline
        aria-label={nameOf(o)}
        onError={() => {
          setBroken(o.url);
          onStale?.();
        }}
        onLoadedMetadata={(e) => e.currentTarget.videoWidth === 0 && setBroken(o.url)}
        style={{ aspectRatio: `${w} / ${h}`, width: `min(100cqw, 100cqh * ${w / h})` }}
      />
    </div>
  );
}

function Sound({ output: o, onStale }: OtherProps) {
  return (
    <div className="absolute inset-0 flex flex-col items-center justify-center gap-6 p-6">
      <AudioLines className="size-16 stroke-1 text-muted" aria-hidden />
      {/* biome-ignore lint/a11y/useMediaCaption: what a workflow makes has none */}
      <audio src={o.url} controls aria-label={nameOf(o)} onError={onStale} className="w-full max-w-120" />
    </div>
  );
}

/** Unshown is what no browser shows: its name, its kind, and the way to have it. */
function Unshown({ output: o, hint }: { output: Output; hint: string }) {
  const Icon = kindIcon[o.kind];
  return (
    <div className="absolute inset-0">
      <Empty
        icon={<Icon />}
        title={baseName(o.name)}
        hint={
          <>
            {o.media_type}, {bytes(o.bytes)}
            <br />
            {hint}
          </>
        }
      >
        <a href={o.url} download={baseName(o.name)} className={buttonLook({ look: "primary" })}>
          {t.results.download}
        </a>
      </Empty>
    </div>
  );
}

function Text({ output: o }: { output: Output }) {
  const text = useQuery({
    queryKey: ["results", "text", o.id],
    enabled: o.text === undefined,
    staleTime: Infinity,
    queryFn: async ({ signal }) => (await content(o, signal)).text(),
  });
  if (text.error) return <Empty title={text.error.message} hint={t.results.brokenHint} />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <section tabIndex={0} aria-label={t.results.text} className="scroll absolute inset-0 p-6">
      <p className="mx-auto max-w-160 whitespace-pre-wrap break-words text-lg">{o.text ?? text.data}</p>
    </section>
  );
}

/** Model is a 3D model that can be turned; what cannot be drawn here is told in words. */
function Model({ output: o }: { output: Output }) {
  const [wrong, setWrong] = useState("");
  const file = useQuery({
    queryKey: ["results", "model", o.id],
    staleTime: Infinity,
    gcTime: 0, // it may be large
    queryFn: async ({ signal }) => (await content(o, signal)).arrayBuffer(),
  });
  if (file.error) return <Empty title={file.error.message} hint={t.results.brokenHint} />;
  if (wrong) return <Unshown output={o} hint={wrong} />;
  return (
    <div className="absolute inset-0 grid place-items-center">
      <p className="text-muted text-sm">{t.results.modelLoading}</p>
      {file.data && (
        <Suspense>
          <ModelView data={file.data} label={nameOf(o)} onWrong={setWrong} />
        </Suspense>
      )}
    </div>
  );
}

async function content(o: Output, signal: AbortSignal): Promise<Response> {
  const answer = await authorized(o.url, { signal });
  if (!answer.ok) throw new Problem({ status: answer.status, detail: t.results.broken, hint: t.results.brokenHint });
  return answer;
}

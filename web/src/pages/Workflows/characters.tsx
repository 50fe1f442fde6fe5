import { useQuery } from "@tanstack/react-query";
import { UserRound } from "lucide-react";
import { useEffect, useState } from "react";
import { queries } from "@/api/queries";
import type { Character } from "@/api/types";
import { Waiting } from "@/app/waiting";
import { workflows as pageText } from "@/text/en/workflows";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Empty, Failed } from "@/ui/empty";
import { CharacterForm } from "./character-form";

/** Characters is the list of characters with their pictures; adding counts the presses of the page's button. */
export function Characters({ adding }: { adding: number }) {
  const library = useQuery(queries.characterLibrary);
  const [open, setOpen] = useState<Character | "new">();
  const [seed, setSeed] = useState<Partial<Character>>({});
  useEffect(() => {
    if (adding === 0) return;
    setSeed({});
    setOpen("new");
  }, [adding]);
  if (library.error && !library.data) return <Failed error={library.error} onRetry={() => void library.refetch()} />;
  if (!library.data) return <Waiting />;
  const { characters, sources, images } = library.data;
  const character = open === "new" ? seed : open;
  return (
    <div className="scroll h-full px-4 py-3 phone:px-6">
      {characters.length === 0 ? (
        <Empty icon={<UserRound />} title={pageText.characters.empty} hint={pageText.characters.emptyHint}>
          <Button
            onClick={() => {
              setSeed(pageText.characters.example);
              setOpen("new");
            }}
          >
            {pageText.characters.addFirst}
          </Button>
        </Empty>
      ) : (
        <>
          <p className="pb-3 text-muted">{pageText.characters.intro}</p>
          <ul className="grid grid-cols-[repeat(auto-fill,minmax(9.5rem,1fr))] gap-x-4 gap-y-5 phone:grid-cols-[repeat(auto-fill,minmax(12rem,1fr))]">
            {characters.map((c) => (
              <li key={c.id}>
                <button type="button" onClick={() => setOpen(c)} className="group block w-full rounded-lg text-left">
                  <span className="grid aspect-[4/5] place-items-center overflow-hidden rounded-lg bg-hover text-muted">
                    {images[c.id] ? (
                      <img src={images[c.id]} alt="" loading="lazy" className="size-full object-cover" />
                    ) : (
                      <UserRound className="size-10 stroke-1" aria-hidden />
                    )}
                  </span>
                  <span className="mt-2 flex items-center gap-2">
                    <span className="min-w-0 flex-1 truncate font-medium group-hover:text-accent">{c.name ?? c.id}</span>
                    {sources[c.id] === "user" && <Badge>{pageText.own}</Badge>}
                  </span>
                  <span className="line-clamp-2 break-words text-muted text-sm">{c.description || c.prompt}</span>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
      {character && (
        <CharacterForm
          character={character}
          isNew={open === "new"}
          source={open === "new" ? "user" : (sources[character.id ?? ""] ?? "")}
          image={images[character.id ?? ""]}
          taken={characters.map((c) => c.id)}
          onClose={() => setOpen(undefined)}
        />
      )}
    </div>
  );
}

import type { MirrorReport } from "../../mirror/report.ts";
import { hostOf } from "../../mirror/target.ts";
import type { ModelsReport } from "../../models/report.ts";
import { usedModel } from "../models/words.ts";

/** Something that goes from Erth to somewhere. */
export interface Going {
  what: string;
  where: string;
  /** On which occasion. */
  when?: string;
  /** Whether that isn't this computer. */
  leaves: boolean;
}

/** What there is to look at. */
export interface Goings {
  mirror: MirrorReport;
  models?: ModelsReport;
}

const HERE = "this computer";

/** What goes where: what stays first, then what leaves this computer. */
export function whereTo({ mirror, models }: Goings): Going[] {
  return [
    mirror.phase === "off"
      ? { what: "notes, conversations", where: HERE, leaves: false }
      : { what: "notes, conversations", where: hostOf(mirror.url), leaves: true, when: MIRRORED },
    ...(models ? [{ what: "files of the Library", where: HERE, leaves: false }] : []),
    ...(models ? questions(models) : []),
    ...(models?.downloads ?? []).filter(({ phase }) => phase === "running").map(({ from }) => ({
      what: "the wish for a model",
      where: from.split("/")[0]!,
      leaves: true,
    })),
  ];
}

/** Where questions are answered: by what is used, and by what a conversation may choose besides. */
function questions(models: ModelsReport): Going[] {
  const used = usedModel(models);
  const asked = "questions and the passages found for them";
  const first: Going = used === undefined || used.file !== undefined
    ? { what: asked, where: HERE, leaves: false, when: used?.title }
    : { what: asked, where: used.where, leaves: used.leaves, when: used.title };
  const others = models.endpoints.filter(({ id, leaves }) =>
    leaves && !models.default?.startsWith(`${id}/`)
  );
  return [
    first,
    ...others.map(({ title, url }) => ({
      what: asked,
      where: `${title} at ${new URL(url).host}`,
      leaves: true,
      when: "only in conversations that chose a model there",
    })),
  ];
}

const MIRRORED = "besides this computer";

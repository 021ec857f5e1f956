const WORDS =
  ("water tomato garden hot wall need twice much before early morning letter market bread " +
    "write read walk river stone light window friend answer question number paper music colour winter " +
    "summer spring autumn street house door train ticket coffee table chair green yellow again never " +
    "always perhaps because through between under over north south east west apple cherry plum grass")
    .split(" ");

/** A note of ordinary size: 30 characters of title, 200 of text, two tags. */
export interface Draft {
  title: string;
  body: string;
  tags: string[];
}

/** So many notes, each another, the same at every call. */
export function drafts(count: number): Draft[] {
  const random = generator();
  return Array.from({ length: count }, () => ({
    title: words(random, 30),
    body: words(random, 200),
    tags: ["bench", "garden"],
  }));
}

function words(random: () => number, length: number): string {
  let text = "";
  while (text.length < length) text += `${WORDS[random() % WORDS.length]} `;
  return text.slice(0, length - 1) + ".";
}

/** The generator of Park and Miller: chance isn't the point, but that it is always the same. */
function generator(): () => number {
  let state = 1;
  return () => state = state * 48271 % 2147483647;
}

const WORDS =
  ("water tomato garden hot wall need twice much before early morning letter market bread " +
    "write read walk river stone light window friend answer question number paper music colour winter " +
    "summer spring autumn street house door train ticket coffee table chair green yellow again never " +
    "always perhaps because through between under over north south east west apple cherry plum grass")
    .split(" ");

/** A note: 30 characters of title, its text, two tags. */
export interface Draft {
  title: string;
  body: string;
  tags: string[];
}

/** So many notes with texts of `size` characters, each another, the same at every call. */
export function drafts(count: number, size = 200): Draft[] {
  const random = generator();
  return Array.from({ length: count }, () => ({
    title: words(random, 30),
    body: words(random, size),
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

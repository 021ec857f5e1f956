import { assertEquals } from "@std/assert";
import { htmlResponse, markup, type Part } from "./html.ts";

const CASES: [string, Part, string][] = [
  ["text is escaped", `<b>"&'`, "<p>&lt;b&gt;&quot;&amp;&#39;</p>"],
  [
    "HTML is not escaped again",
    markup`
      <b>${"<"}</b>
    `,
    "<p><b>&lt;</b></p>",
  ],
  ["lists stand without commas", [
    markup`
      <i></i>
    `,
    "<",
    [1, "&"],
  ], "<p><i></i>&lt;1&amp;</p>"],
  ["nothing stands for what isn't there", [false, undefined, null, ""], "<p></p>"],
  ["a number stands as it is", 0, "<p>0</p>"],
];

for (const [name, part, wanted] of CASES) {
  Deno.test(`html: ${name}`, () =>
    assertEquals(
      markup`
        <p>${part}</p>
      `.toString(),
      wanted,
    ));
}

Deno.test("html: only the spaces at a template's ends are left out", () => {
  const inner = markup`
    <b>${" a "}</b>
  `;
  assertEquals(
    markup`
      <p>1 ${inner} 2</p>
    `.toString(),
    "<p>1 <b> a </b> 2</p>",
  );
});

Deno.test("html: attributes are a template of their own", () => {
  assertEquals(
    markup`
      <p ${markup`
        title="${'"'}"
      `}></p>
    `.toString(),
    '<p title="&quot;"></p>',
  );
});

Deno.test("html: an answer says what it is", async () => {
  const answer = htmlResponse(
    markup`
      <p></p>
    `,
    404,
  );
  assertEquals([answer.status, await answer.text()], [404, "<p></p>"]);
  assertEquals(answer.headers.get("content-type"), "text/html; charset=utf-8");
});

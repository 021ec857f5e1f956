/// <reference lib="dom" />
import { assertEquals } from "@std/assert";
import {
  browser,
  browserTest,
  listen,
  open,
  openId,
  startErth,
  until,
} from "../browser/browser.ts";
import { type Erth, erth, poll } from "../harness.ts";
import { Desk } from "../window/desk.ts";
import { Sqld } from "./sqld.ts";

async function connect(data: string, url: string, name: string): Promise<void> {
  const { code, stderr } = await erth([
    "mirror",
    "connect",
    url,
    "--merge",
    "--name",
    name,
    "--data",
    data,
  ]);
  assertEquals([code, stderr], [0, ""]);
}

/** A person at a browser, on a device that mirrors. */
async function person(erth: Erth, url: string, name: string) {
  await connect(erth.data, url, name);
  const context = await (await browser()).newContext();
  const complaints = listen(context);
  return { context, complaints, page: await open(context, erth) };
}

browserTest("what is typed in one browser is seen in another, and back", async () => {
  await using server = await Sqld.start({ jwt: false });
  await using first = await startErth();
  await using second = await startErth();
  const ada = await person(first, server.url, "desk");
  const ben = await person(second, server.url, "lap");
  await ada.page.getByRole("button", { name: "New", exact: true }).click();
  await ada.page.locator("#title").fill("Shopping");
  await ada.page.locator("#body").fill("Bread");
  const item = ben.page.locator("#list .item").filter({ hasText: "Shopping" });
  await item.click();
  await until(async () => await ben.page.locator("#body").inputValue() === "Bread");
  assertEquals(openId(ben.page), openId(ada.page));
  // Ada has left the field: what Ben adds appears in front of her by itself.
  await ada.page.locator("#screen [type=search]").focus();
  await ben.page.locator("#body").fill("Bread, and cheese");
  await until(async () => await ada.page.locator("#body").inputValue() === "Bread, and cheese");
  assertEquals([...ada.complaints, ...ben.complaints], []);
  await ada.context.close();
  await ben.context.close();
});

browserTest("a text being typed isn't disturbed by what arrives", async () => {
  await using server = await Sqld.start({ jwt: false });
  await using first = await startErth();
  await using second = await startErth();
  const ada = await person(first, server.url, "desk");
  await connect(second.data, server.url, "lap");
  await ada.page.getByRole("button", { name: "New", exact: true }).click();
  const body = ada.page.locator("#body");
  await body.focus();
  for (const word of ["One ", "two ", "three ", "four"]) {
    await body.pressSequentially(word);
    await second.json("notes", { title: `Elsewhere ${word}`, body: "", tags: "" });
    const arrived = ada.page.locator("#list .item").filter({ hasText: `Elsewhere ${word.trim()}` });
    await arrived.waitFor();
  }
  assertEquals(await body.inputValue(), "One two three four");
  assertEquals(await body.evaluate((field) => field === document.activeElement), true);
  assertEquals(ada.complaints, []);
  await ada.context.close();
});

browserTest("two windows on two devices show each other's notes", async () => {
  await using server = await Sqld.start({ jwt: false });
  await using first = await Desk.open();
  await using second = await Desk.open();
  for (const [name, desk] of Object.entries({ first, second })) {
    await desk.screen.focus(await desk.screen.window("Erth"));
    await desk.running();
    await connect(desk.data, server.url, name);
  }
  const id = await second.screen.window("Erth");
  const before = await poll(async () => {
    const colours = await second.screen.colours(id);
    return colours > 50 && colours === await second.screen.colours(id) && colours;
  });
  await poll(async () => {
    await first.screen.press("ctrl+n");
    return (await first.titles()).length > 0;
  });
  await first.screen.type("Written in the first window");
  await poll(async () => (await second.titles()).includes("Written in the first window"));
  // Nobody has touched the second window: it shows the news by itself.
  await poll(async () => await second.screen.colours(id) !== before);
  assertEquals((await second.titles()).length, 1);
});

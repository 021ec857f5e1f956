export async function writeLicenses(path: string): Promise<void> {
  await Deno.writeTextFile(path, "");
}

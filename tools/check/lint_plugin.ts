/// <reference lib="deno.unstable" />
const TAG = /<(\/?[a-z]|!doctype)/i;

/** What `deno lint` checks besides its own rules, where the text alone doesn't tell. */
const plugin: Deno.lint.Plugin = {
  name: "erth",
  rules: {
    /** HTML is written with the tag `markup`, which escapes what is put into it. */
    "no-glued-html": {
      create(context) {
        if (!/\/shell\/.*(?<!_test)\.ts$/.test(context.filename)) return {};
        const check = (node: Deno.lint.Node, texts: readonly unknown[]) => {
          if (!texts.some((text) => typeof text === "string" && TAG.test(text))) return;
          context.report({
            node,
            message: "HTML in a plain string isn't escaped",
            hint: "Write it with the tag `markup` of shell/presentation/html.ts",
          });
        };
        return {
          Literal: (node) => check(node, [node.value]),
          TemplateLiteral(node) {
            const { parent } = node;
            const isMarkup = parent.type === "TaggedTemplateExpression" &&
              parent.tag.type === "Identifier" && parent.tag.name === "markup";
            if (!isMarkup) check(node, node.quasis.map(({ cooked }) => cooked));
          },
        };
      },
    },
  },
};

export default plugin;

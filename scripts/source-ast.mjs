// @ts-check
/** What a TypeScript file imports, exports and tests, read from its syntax tree: comments and strings cannot mislead it. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseAst } from "vitest/node";

/** @param {string} text @param {string} [file] decides between TypeScript and TSX */
export const parse = (text, file = "x.ts") => parseAst(text, { lang: file.endsWith("x") ? "tsx" : "ts" });

/** @type {Map<string, any>} */
const trees = new Map();

/** @param {string} file */
function treeOf(file) {
  let tree = trees.get(file);
  if (!tree) trees.set(file, (tree = parse(readFileSync(file, "utf8"), file)));
  return tree;
}

/**
 * @param {any} node
 * @param {(node: any) => void} visit
 */
function walk(node, visit) {
  if (Array.isArray(node)) for (const item of node) walk(item, visit);
  else if (node && typeof node.type === "string") {
    visit(node);
    for (const key of Object.keys(node)) if (typeof node[key] === "object") walk(node[key], visit);
  }
}

/** A literal's or template's text; what is filled in at run time becomes "…". @param {any} node @returns {string | null} */
function textOf(node) {
  if (node?.type === "Literal" && typeof node.value === "string") return node.value;
  if (node?.type === "TemplateLiteral")
    return node.quasis.map((/** @type {any} */ part) => part.value.cooked).join("…");
  return null;
}

/**
 * Every module named in any way: static, type-only, re-export, dynamic, `import("x").T`, `import x = require("x")`, require.
 * @param {string} text
 * @param {string} [file]
 * @returns {string[]}
 */
export function importsOf(text, file) {
  /** @type {Set<string>} */
  const found = new Set();
  walk(parse(text, file), (node) => {
    const isRequire =
      node.type === "CallExpression" && node.callee.type === "Identifier" && node.callee.name === "require";
    const id = textOf(isRequire ? node.arguments[0] : (node.expression ?? node.source));
    const names =
      isRequire ||
      /^(?:Import|ExportNamed|ExportAll)(?:Declaration|Expression)$/.test(node.type) ||
      node.type === "TSImportType" ||
      node.type === "TSExternalModuleReference";
    if (names && id !== null) found.add(id);
  });
  return [...found];
}

/** @param {any} pattern @returns {string[]} */
function boundNames(pattern) {
  if (pattern.type === "Identifier") return [pattern.name];
  if (pattern.type === "ObjectPattern")
    return pattern.properties.flatMap((/** @type {any} */ item) => boundNames(item.value ?? item.argument));
  if (pattern.type === "ArrayPattern") return pattern.elements.filter(Boolean).flatMap(boundNames);
  return pattern.left ? boundNames(pattern.left) : [];
}

/**
 * Where a module's exported names are declared, followed through re-exports.
 * @param {string} file
 * @param {(specifier: string) => string | null} locate the file behind a workspace package's specifier, else null
 * @param {Set<string>} [seen]
 * @returns {Map<string, { file: string, node: any }>}
 */
export function exportsOf(file, locate, seen = new Set()) {
  /** @type {Map<string, { file: string, node: any }>} */
  const names = new Map();
  if (seen.has(file)) return names;
  seen.add(file);
  const body = treeOf(file).body;
  const target = (/** @type {string} */ specifier) => {
    if (!specifier.startsWith(".")) return locate(specifier);
    const path = resolve(dirname(file), specifier.replace(/\.js$/, ".ts"));
    return existsSync(path) ? path : null;
  };
  for (const statement of body) {
    if (statement.type === "ExportAllDeclaration") {
      const next = target(statement.source.value);
      if (statement.exported) names.set(statement.exported.name, { file, node: statement });
      else if (next)
        for (const [name, place] of exportsOf(next, locate, seen)) if (name !== "default") names.set(name, place);
    }
    if (statement.type === "ExportDefaultDeclaration") names.set("default", { file, node: statement.declaration });
    if (statement.type !== "ExportNamedDeclaration") continue;
    const { declaration } = statement;
    for (const name of declaration ? declared(declaration) : []) names.set(name, { file, node: declaration });
    const next = statement.source ? target(statement.source.value) : null;
    const from = next ? exportsOf(next, locate, new Set([file])) : null;
    for (const { local, exported } of statement.specifiers) {
      const original =
        from?.get(local.name) ?? (statement.source ? undefined : importedHere(body, local.name, target, locate, file));
      names.set(exported.name, original ?? { file, node: statement });
    }
  }
  return names;
}

/** @param {any} declaration @returns {string[]} */
function declared(declaration) {
  if (declaration.declarations)
    return declaration.declarations.flatMap((/** @type {any} */ item) => boundNames(item.id));
  return declaration.id?.name ? [declaration.id.name] : [];
}

/**
 * `export { x }`: x is declared in this file or imported into it.
 * @param {any[]} body
 * @param {string} name
 * @param {(specifier: string) => string | null} target
 * @param {(specifier: string) => string | null} locate
 * @param {string} file
 */
function importedHere(body, name, target, locate, file) {
  for (const statement of body) {
    if (declared(statement).includes(name)) return { file, node: statement };
    const bound =
      statement.type === "ImportDeclaration" &&
      statement.specifiers.find((/** @type {any} */ item) => item.local.name === name);
    const next = bound && bound.imported ? target(statement.source.value) : null;
    if (next) return exportsOf(next, locate, new Set([file])).get(bound.imported.name);
  }
  return undefined;
}

/**
 * The names of a class's, interface's, type's or object's members, in whatever form they are written.
 * @param {any} node
 * @returns {Set<string>}
 */
export function membersOf(node) {
  /** @type {Set<string>} */
  const names = new Set();
  const kinds = /^(?:Property|PropertyDefinition|MethodDefinition|TSPropertySignature|TSMethodSignature|TSEnumMember)$/;
  walk(node, (item) => {
    if (!kinds.test(item.type)) return;
    const key = item.key ?? item.id;
    const name = key?.name ?? textOf(key);
    if (name) names.add(name);
  });
  return names;
}

/**
 * Titles of the suites and tests of a file that really run: what is skipped or left to do is no proof of anything.
 * @param {string} file
 * @returns {string[]}
 */
export function titlesOf(file) {
  /** @type {string[]} */
  const titles = [];
  walk(treeOf(file), (node) => {
    if (node.type !== "CallExpression") return;
    let callee = node.callee;
    let off = false;
    while (callee.type !== "Identifier") {
      if (callee.type === "MemberExpression") {
        off ||= callee.property.name === "skip" || callee.property.name === "todo";
        callee = callee.object;
      } else if (callee.type === "CallExpression") callee = callee.callee;
      else if (callee.type === "TaggedTemplateExpression") callee = callee.tag;
      else return;
    }
    const title = textOf(node.arguments[0]);
    if (!off && title !== null && /^(?:describe|suite|it|test)$/.test(callee.name)) titles.push(title);
  });
  return titles;
}

/**
 * @param {import("./workspace.mjs").Package[]} packages
 * @returns {(specifier: string) => string | null} the source file behind a specifier of the workspace
 */
export function sourceOf(packages) {
  return (specifier) => {
    for (const pkg of packages) {
      for (const { subpath, source } of pkg.entries) {
        if (join(pkg.name, subpath).replaceAll("\\", "/") === specifier) return join(pkg.path, source);
      }
    }
    return null;
  };
}

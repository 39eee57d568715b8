// Print what the official AsyncAPI parser finds in the document named on the command line, as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, document] = process.argv.slice(2);
const { Parser } = createRequire(`${modules}/`)("@asyncapi/parser");
const found = await new Parser().validate(readFileSync(document, "utf8"));
console.log(JSON.stringify(found.map(({ severity, message, path }) => ({ severity, message, path }))));

// A value against a schema. The schemas are plain JSON Schema and TypeBox could check them, but
// its findings are about keywords; these say what a person should have written, and where.
// A test has both judge the same values.

import type { ErrorCode } from "../errors.ts";
import type { Path } from "./problems.ts";
import { isEmpty, NAME_EXPECTED } from "./vocabulary.ts";
import { describeValue, unknownName } from "./wording.ts";

/** Takes a finding: path, message, code, and whether its place is the key. */
export type Report = (path: Path, message: string, code?: ErrorCode, atKey?: boolean) => void;

/** The parts of JSON Schema, and of our annotations, that the schemas use. */
export interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaNode[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly multipleOf?: number;
  readonly description?: string;
  readonly expected?: string;
  readonly expectedKey?: string;
  readonly unit?: string;
  readonly default?: unknown;
  readonly defaultText?: string;
  readonly examples?: readonly unknown[];
  readonly unsupported?: boolean;
  readonly "~refine"?: readonly { readonly check: (value: unknown) => boolean }[];
}

type Mapping = Readonly<Record<string, unknown>>;

/** Reports everything about `value` that the schema does not allow. */
export function validate(schema: object, value: unknown, report: Report, path: Path = []): void {
  check(schema as SchemaNode, value, report, path);
}

function check(schema: SchemaNode, value: unknown, report: Report, path: Path): void {
  if (schema.unsupported) checkUnsupported(value, report, path);
  else if (schema.anyOf) checkUnion(schema, value, report, path);
  else if (schema.type === "object") checkMapping(schema, value, report, path);
  else if (schema.type === "array") checkList(schema, value, report, path);
  else if (!isScalarOf(schema, value)) reportExpected(schema, value, report, path);
}

function reportExpected(schema: SchemaNode, value: unknown, report: Report, path: Path): void {
  report(path, `expected ${expectedOf(schema)}, found ${describeValue(value)}`);
}

function checkUnsupported(value: unknown, report: Report, path: Path): void {
  if (isEmpty(value)) return;
  const message = `'${path.at(-1)}' is not implemented in this version; remove it`;
  report(path, message, "CONFIG_UNSUPPORTED", true);
}

/** Members of a union differ in their JSON type: only the one of the value's type is asked. */
function checkUnion(schema: SchemaNode, value: unknown, report: Report, path: Path): void {
  const member = schema.anyOf!.find((one) => one.type === jsonTypeOf(value));
  if (member === undefined) reportExpected(schema, value, report, path);
  else check(member, value, report, path);
}

function jsonTypeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function checkMapping(schema: SchemaNode, value: unknown, report: Report, path: Path): void {
  if (jsonTypeOf(value) !== "object") {
    reportExpected(schema, value, report, path);
    return;
  }
  const mapping = value as Mapping;
  if (schema.patternProperties) checkNamed(schema, mapping, report, path);
  else checkKeys(schema.properties ?? {}, mapping, report, path);
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(mapping, key)) report(path, `key '${key}' is missing`);
  }
}

function checkKeys(
  properties: Readonly<Record<string, SchemaNode>>,
  mapping: Mapping,
  report: Report,
  path: Path,
): void {
  for (const key of Object.keys(mapping)) {
    const at = [...path, key];
    if (Object.hasOwn(properties, key)) check(properties[key]!, mapping[key], report, at);
    else report(at, unknownName("key", key, Object.keys(properties)), "CONFIG_INVALID", true);
  }
}

/** A mapping whose keys people choose. */
function checkNamed(schema: SchemaNode, mapping: Mapping, report: Report, path: Path): void {
  const [pattern, item] = Object.entries(schema.patternProperties!)[0]!;
  const keys = Object.keys(mapping);
  const { minProperties = 0, maxProperties = Number.POSITIVE_INFINITY } = schema;
  if (keys.length < minProperties || keys.length > maxProperties) {
    report(path, `expected ${expectedOf(schema)}, found ${keys.length}`);
  }
  const named = new RegExp(pattern);
  for (const key of keys) {
    const at = [...path, key];
    if (named.test(key)) check(item, mapping[key], report, at);
    else {
      const expected = schema.expectedKey ?? NAME_EXPECTED;
      const message = `expected ${expected}, found ${describeValue(key)}`;
      report(at, message, "CONFIG_INVALID", true);
    }
  }
}

function checkList(schema: SchemaNode, value: unknown, report: Report, path: Path): void {
  if (!Array.isArray(value)) {
    reportExpected(schema, value, report, path);
    return;
  }
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  if (value.length < minItems || value.length > maxItems) {
    report(path, `expected ${expectedOf(schema)}, found ${value.length}`);
  }
  for (const [i, item] of value.entries()) check(schema.items!, item, report, [...path, i]);
}

function isScalarOf(schema: SchemaNode, value: unknown): boolean {
  if (schema.enum) return schema.enum.includes(value);
  if ("const" in schema) return value === schema.const;
  if (schema.type === undefined) return isRefined(schema, value);
  if (schema.type === "integer") return isIntegerOf(schema, value);
  if (jsonTypeOf(value) !== schema.type) return false;
  if (schema.type !== "string") return true;
  if ((value as string).length < (schema.minLength ?? 0)) return false;
  return isRefined(schema, value);
}

function isRefined(schema: SchemaNode, value: unknown): boolean {
  return (schema["~refine"] ?? []).every((refinement) => refinement.check(value));
}

function isIntegerOf(schema: SchemaNode, value: unknown): boolean {
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER, multipleOf = 1 } = schema;
  if (!Number.isInteger(value)) return false;
  const number = value as number;
  return number >= minimum && number <= maximum && number % multipleOf === 0;
}

/** What a message says was expected; the reference page says the same. */
export function expectedOf(schema: SchemaNode): string {
  if (schema.expected !== undefined) return schema.expected;
  if (schema.enum) return `one of ${schema.enum.map((value) => `'${value}'`).join(", ")}`;
  if ("const" in schema) return String(schema.const);
  if (schema.type === "integer") {
    const multiple = schema.multipleOf === undefined ? "" : `, a multiple of ${schema.multipleOf}`;
    return `an integer from ${schema.minimum} to ${schema.maximum}${multiple}`;
  }
  if (schema.type === "boolean") return "true or false";
  const [thing, part, least, most] =
    schema.type === "array"
      ? ["a list", "items", schema.minItems, schema.maxItems]
      : ["a mapping", "keys", schema.minProperties, schema.maxProperties];
  return most === undefined ? thing : `${thing} of ${least ?? 0} to ${most} ${part}`;
}

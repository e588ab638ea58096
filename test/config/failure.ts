import { expect } from "vitest";
import { parseConfiguration } from "../../src/config/configuration.ts";
import { ConfigurationError } from "../../src/config/problems.ts";

/** The error of a configuration that must have one. */
export function failure(text: string, file?: string): ConfigurationError {
  try {
    parseConfiguration(text, file);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return error as ConfigurationError;
  }
  throw new Error("the configuration was accepted");
}

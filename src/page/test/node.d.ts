// SPDX-License-Identifier: GPL-3.0-or-later
// The few words of node's test runner that the tests use, in place of the package of all its types.
declare module 'node:test' {
  export function test(name: string, body: () => void): void;
}
declare module 'node:fs' {
  export function readFileSync(path: string, encoding: 'utf8'): string;
}
declare module 'node:assert/strict' {
  interface Assert {
    equal(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    ok(value: unknown, message?: string): void;
    throws(body: () => void, error?: unknown): void;
  }
  const assert: Assert;
  export default assert;
}

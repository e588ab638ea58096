/** Something of a unit that has no counterpart here; the message says what. */
export class Unsupported extends Error {
  override readonly name = "Unsupported";
}

// A packet's text in words: what lies between blanks, parentheses, and texts in quotation marks.

export interface Token {
  readonly text: string;
  /** Place of its first character, from 0. */
  readonly at: number;
  readonly isQuoted: boolean;
}

const TOKEN = /\s+|([()])|"((?:[^"\\]|\\.)*)"|([^\s()"]+)/y;

/** @param fail called for what is no token; does not return */
export function tokensOf(text: string, fail: (at: number, message: string) => never): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) return fail(at, 'expected a closing "');
    const [, parenthesis, quoted, word] = match;
    if (quoted !== undefined)
      tokens.push({ text: unescaped(quoted, at, fail), at, isQuoted: true });
    else if ((parenthesis ?? word) !== undefined) {
      tokens.push({ text: (parenthesis ?? word) as string, at, isQuoted: false });
    }
  }
  return tokens;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", 0: "\0" };

/** \n, \r, \t, \0, \\ and \". */
function unescaped(text: string, at: number, fail: (at: number, message: string) => never): string {
  return text.replace(/\\(.)/g, (_, letter: string) => {
    if (letter === "\\" || letter === '"') return letter;
    return ESCAPES[letter] ?? fail(at, `unknown escape \\${letter}`);
  });
}

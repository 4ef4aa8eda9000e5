/**
 * What is drawn as Markdown at most. A model, or what it was given to read, can write anything; what is beyond
 * a limit is shown as plain text, a part at a time, so that no text can hold the page up.
 */
export const limits = {
  /** Characters of a text; the rest of it is one plain block. */
  text: 200_000,
  /** Blocks of a text. */
  blocks: 2_000,
  /** Characters of one block that is not code. */
  block: 30_000,
  /** Tokens of one block: a list item has five, a cell of a table three. */
  tokens: 12_000,
  /** Footnotes. */
  notes: 500,
  /** Levels of lists and quotes in each other; a list counts twice. */
  nesting: 60,
  /** Characters of one paragraph, heading or cell, and the elements in it. */
  inline: 10_000,
  elements: 1_500,
  /** Levels of emphasis in each other. What is deeper keeps its text and loses its looks. */
  emphasis: 24,
  /** Characters and lines of plain text or code shown before the reader asks for more. */
  shown: 60_000,
  lines: 2_000,
  /** Characters of a formula, and its braces in each other. */
  formula: 3_000,
  braces: 30,
  /** Characters and lines that are coloured. */
  coloured: 150_000,
  colouredLine: 2_000,
  /** Characters of a diagram's source. */
  diagram: 20_000,
}

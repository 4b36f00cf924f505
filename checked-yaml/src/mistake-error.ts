/** Something in a file that a person wrote: what, where and what would be right; of several mistakes, a line each. */
export class MistakeError extends Error {
  override readonly name = 'MistakeError';
}

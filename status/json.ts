/** JSON of plain data; bigints as strings, since JavaScript's numbers lose their last digits. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, entry) => (typeof entry === 'bigint' ? String(entry) : entry), indent);
}

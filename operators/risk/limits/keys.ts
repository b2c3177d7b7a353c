import { z } from 'zod';

/** Keys that a map at a path may have; `[]` where none is declared. */
export function keysAt(shape: z.ZodType, path: readonly (string | number)[]): readonly string[] {
  const [step, ...rest] = path;
  return unwrapped(shape).flatMap((type) => {
    if (type instanceof z.ZodObject) {
      if (step === undefined) return Object.keys(type.shape);
      const inner = type.shape[step] as z.ZodType | undefined;
      return inner ? keysAt(inner, rest) : [];
    }
    return type instanceof z.ZodRecord && step !== undefined ? keysAt(type.valueType as z.ZodType, rest) : [];
  });
}

/** What a type is without its defaults, alternatives and transformations. */
function unwrapped(type: z.ZodType): readonly z.ZodType[] {
  if (type instanceof z.ZodOptional || type instanceof z.ZodDefault || type instanceof z.ZodNullable)
    return unwrapped(type.unwrap() as z.ZodType);
  if (type instanceof z.ZodUnion) return type.options.flatMap((option) => unwrapped(option as z.ZodType));
  return [type];
}

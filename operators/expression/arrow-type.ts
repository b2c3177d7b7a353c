import { Bool, type DataType, Float64, Int64, Utf8 } from 'apache-arrow';
import { timestampNs } from '../../graph/contract/columns.ts';
import type { ValueType } from './typed.ts';

/** Arrow type of a column that an expression computes. */
export function arrowType(type: ValueType): DataType {
  switch (type) {
    case 'int':
      return new Int64();
    case 'float':
      return new Float64();
    case 'bool':
      return new Bool();
    case 'text':
      return new Utf8();
    case 'time':
      return timestampNs();
  }
}

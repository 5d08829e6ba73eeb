import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { badRequest } from '../v6/ovh-error.js';

/** What a value is goes before how long or how large it is. */
const ofType = ['isString', 'isNumber', 'isInt', 'isBoolean', 'isArray', 'isObject'];

/** Each fault once, by its field: that it is missing, else of another type, else what else is wrong. */
const faultsOf = (errors: readonly ValidationError[], parents: readonly string[] = []): string[] =>
  errors.flatMap(({ property, value, constraints, children }) => {
    const path = [...parents, property];
    if (constraints === undefined) return faultsOf(children ?? [], path);
    if (value === undefined) return [`${path.join('.')} is required`];
    const text = ofType.map((kind) => constraints[kind]).find((found) => found !== undefined) ?? Object.values(constraints)[0];
    return [[...parents, text].join('.')];
  });

/** Bodies by their DTOs: 400 with a sentence that names every field at fault, without its value. */
export const checkInput = () => new ValidationPipe({ transform: true, whitelist: true, exceptionFactory: (errors) => badRequest(faultsOf(errors).join('; ')) });

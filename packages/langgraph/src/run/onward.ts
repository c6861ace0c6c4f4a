/**
 * Goes on at once with a value that is there, and later with one that is promised: a promise only where somebody has to
 * be waited for, for async hooks make each one dear.
 */
export const onward = <T, R>(given: T | Promise<T>, then: (value: T) => R | Promise<R>): R | Promise<R> =>
  given instanceof Promise ? given.then(then) : then(given);

const NAMED = ['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually'];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: { what: string; low: number; high: number; names: string[] }[] = [
  { what: 'minute', low: 0, high: 59, names: [] },
  { what: 'hour', low: 0, high: 23, names: [] },
  { what: 'day of the month', low: 1, high: 31, names: [] },
  { what: 'month', low: 1, high: 12, names: MONTHS },
  { what: 'day of the week', low: 0, high: 7, names: DAYS },
];

type Field = (typeof FIELDS)[number];

function numberOf(word: string, { low, high, names }: Field): number | null {
  const named = names.indexOf(word.toLowerCase());
  if (named >= 0) return named + low;
  const number = /^\d{1,2}$/.test(word) ? Number(word) : -1;
  return number >= low && number <= high ? number : null;
}

/** The numbers that one part of a field, such as `1-5/2`, stands for; what is wrong with it, as a sentence. */
function numbersOf(part: string, field: Field): number[] | string {
  const [span = '', step, ...more] = part.split('/');
  const every = step === undefined ? 1 : numberOf(step, { ...field, low: 1, names: [] });
  const range = `the ${field.what} must be from ${field.low} to ${field.high}, not "${part.slice(0, 20)}"`;
  if (every === null || more.length) return range;
  const [first = '', last, ...rest] = span === '*' ? [String(field.low), String(field.high)] : span.split('-');
  const from = numberOf(first, field);
  const to = last === undefined ? (step === undefined ? from : field.high) : numberOf(last, field);
  if (from === null || to === null || rest.length) return range;
  if (to < from) return `the range ${span.slice(0, 20)} of the ${field.what} ends before it begins`;
  return Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, i) => from + i * every);
}

/** What is wrong with the five fields of a schedule (minute, hour, day of the month, month, day of the week, in UTC), or null. */
export function scheduleFault(text: string): string | null {
  if (NAMED.includes(text.trim().toLowerCase())) return null;
  const words = text.trim().split(/\s+/);
  if (words.length !== 5)
    return `use five fields, minute hour day month weekday, such as "0 3 * * *" for three at night UTC, or one of ${NAMED.join(', ')}`;
  const sets: number[][] = [];
  for (const [i, word] of words.entries()) {
    const found: number[] = [];
    for (const part of word.split(',')) {
      const numbers = numbersOf(part, FIELDS[i]!);
      if (typeof numbers === 'string') return numbers;
      found.push(...numbers);
    }
    sets.push(found);
  }
  const [, , days = [], months = []] = sets;
  const longest = (month: number) => (month === 2 ? 29 : [4, 6, 9, 11].includes(month) ? 30 : 31);
  const either = !words[2]!.startsWith('*') && !words[4]!.startsWith('*');
  return either || months.some(month => days.some(day => day <= longest(month))) ? null : 'this day never comes';
}

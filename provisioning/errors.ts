/** One field of a request that cannot be, and what would make it right. */
export interface FieldError {
  field: string;
  message: string;
}

/** Your request cannot be: shown to the person as it stands, with what to do next. Becomes a 4xx. */
export class Refused extends Error {
  readonly code: string;
  readonly help: string;
  readonly fields: FieldError[];
  readonly status: number;

  constructor(code: string, message: string, help = '', options: { fields?: FieldError[]; status?: number } = {}) {
    super(message);
    this.name = 'Refused';
    this.code = code;
    this.help = help;
    this.fields = options.fields ?? [];
    this.status = options.status ?? 422;
  }
}

/** The machine said no: which step failed, how it ended and its last lines, free of secrets. */
export class Failed extends Error {
  readonly exit: number | null;
  readonly lastLines: string;
  readonly help: string;

  constructor(message: string, detail: { exit?: number | null; lastLines?: string; help?: string } = {}) {
    super(message);
    this.name = 'Failed';
    this.exit = detail.exit ?? null;
    this.lastLines = detail.lastLines ?? '';
    this.help = detail.help ?? '';
  }
}

import type { Story, Tell } from './story.ts';

/** A customer and an administrator at work in Chromium. */
export function browserJourney(_test: Tell, _story: () => Story): void {}

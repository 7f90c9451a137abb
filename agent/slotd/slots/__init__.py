"""One slot: asleep, starting, running, resting; its workers as slotd sees them."""

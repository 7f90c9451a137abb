"""slotd itself: its loop, what it holds, who it asks for processes, and how it hands over."""
